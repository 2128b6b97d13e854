export default defineEventHandler(async (event) => {
  const body = await readBodyText(event.node.req, MAX_BODY_BYTES)
  if (body === undefined)
    return refuseLargeBody(event)
  return sendAnswer(event, await usePaymentsApi().createPayment({
    body,
    contentType: getHeader(event, 'content-type'),
    idempotencyKey: getHeader(event, 'idempotency-key'),
  }, untilClosed(event.node.res)))
})
