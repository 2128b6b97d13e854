/** Streams all payments that match the filters. */
export default defineEventHandler(async (event) => {
  const result = await usePaymentsApi().exportPayments(getRequestURL(event).searchParams, disconnectSignal(event.node.res))
  return result.ok
    ? sendCsv(event, result.body, `payments-${new Date().toISOString().slice(0, 10)}.csv`)
    : sendResponse(event, result)
})
