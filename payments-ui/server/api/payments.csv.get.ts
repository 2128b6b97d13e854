/** Longer than a browser is likely to pause a live download. */
const IDLE_TIMEOUT_MS = 60_000

/** Streams all payments that match the filters, so that a large export does not use memory here. */
export default defineEventHandler(async (event) => {
  const result = await usePaymentsApi().exportPayments(getRequestURL(event).searchParams, disconnectSignal(event.node.res))
  if (!result.ok)
    return sendResponse(event, result)
  event.node.res.writeHead(200, {
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': `attachment; filename="payments-${new Date().toISOString().slice(0, 10)}.csv"`,
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  await relayStream(result.body, event.node.res, { idleTimeoutMs: IDLE_TIMEOUT_MS })
})
