/** Longer than a browser is likely to pause a download that goes on. */
const IDLE_TIMEOUT_MS = 60_000

/** All payments that the filters match, streamed: a large export costs this server no memory. */
export default defineEventHandler(async (event) => {
  const answer = await usePaymentsApi().exportPayments(getRequestURL(event).searchParams, untilClosed(event.node.res))
  if (!answer.ok)
    return sendAnswer(event, answer)
  event.node.res.writeHead(200, {
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': `attachment; filename="payments-${new Date().toISOString().slice(0, 10)}.csv"`,
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  await relayStream(answer.body, event.node.res, { idleTimeoutMs: IDLE_TIMEOUT_MS })
})
