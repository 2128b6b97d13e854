/** Streams an account's statement as CSV. */
export default defineEventHandler(async (event) => {
  const id = getRouterParam(event, 'id', { decode: true }) ?? ''
  const result = await usePaymentsApi().exportStatement(id, getRequestURL(event).searchParams, disconnectSignal(event.node.res))
  return result.ok
    ? sendCsv(event, result.body, `statement-${id.replaceAll(':', '-')}.csv`)
    : sendResponse(event, result)
})
