import type { ServerResponse } from 'node:http'
import { relayStream } from './relay-stream.ts'

/** Five heartbeats of the API, which sends one every 3 s. A stream silent for longer is dead, even if its socket is open. */
const IDLE_TIMEOUT_MS = 15_000

const open = new Set<AbortController>()

/**
 * Relays the API's event stream to a browser until either side closes it or the API falls silent.
 * Never rejects, because breaking off is how an event stream normally ends.
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

/** Ends every open stream, so that a shutdown does not wait for browsers, which would listen forever. */
export function closeEventStreams(): void {
  for (const controller of open)
    controller.abort()
}
