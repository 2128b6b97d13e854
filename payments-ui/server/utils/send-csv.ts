import type { H3Event } from 'h3'
import { relayStream } from './relay-stream.ts'

/** Longer than a browser is likely to pause a live download. */
const IDLE_TIMEOUT_MS = 60_000

/** Streams a CSV file to the browser, so that a large export does not use memory here. */
export async function sendCsv(event: H3Event, body: ReadableStream<Uint8Array>, filename: string): Promise<void> {
  event.node.res.writeHead(200, {
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': `attachment; filename="${filename}"`,
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  await relayStream(body, event.node.res, { idleTimeoutMs: IDLE_TIMEOUT_MS })
}
