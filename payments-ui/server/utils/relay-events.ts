import type { ServerResponse } from 'node:http'
import { relayStream } from './relay-stream.ts'

/** Three of the API's heartbeats (15 s each): a stream that is silent for longer is dead, whatever its socket says. */
const IDLE_TIMEOUT_MS = 45_000

const open = new Set<AbortController>()

/**
 * Sends the API's event stream to a browser, chunk by chunk, until one side ends it or the API falls silent.
 * Never rejects: a stream that breaks off is how it always ends.
 */
export async function relayEvents(stream: ReadableStream<Uint8Array>, res: ServerResponse, idleTimeoutMs = IDLE_TIMEOUT_MS): Promise<void> {
  const controller = new AbortController()
  open.add(controller)
  res.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  })
  await relayStream(stream, res, { controller, idleTimeoutMs })
  open.delete(controller)
}

/** Ends every open stream: an orderly shutdown does not wait for browsers that would listen for ever. */
export function closeEventStreams(): void {
  for (const controller of open)
    controller.abort()
}
