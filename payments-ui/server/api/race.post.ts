/** Sends the payment in the body 20 times at once, with the browser's idempotency key. */
export default defineEventHandler(async (event) => {
  const body = await readBodyText(event.node.req, MAX_BODY_BYTES)
  if (body === undefined)
    return refuseLargeBody(event)
  const signal = disconnectSignal(event.node.res)
  const call = { body, contentType: getHeader(event, 'content-type'), idempotencyKey: getHeader(event, 'idempotency-key') }
  event.node.res.setHeader('cache-control', 'no-store')
  return await runRace(() => usePaymentsApi().createPayment(call, signal))
})
