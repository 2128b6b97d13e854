import type { ServerResponse } from 'node:http'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

export interface RelayOptions {
  /** Both sides are closed when no data has moved for this long. */
  idleTimeoutMs: number
  /** Aborting it ends the relay. */
  controller?: AbortController
}

/**
 * Relays a stream from the API to a browser, no faster than the browser reads. When one side disconnects, the other is closed,
 * so that the browser sees an interrupted body as an error and not as complete. Never rejects.
 */
export async function relayStream(stream: ReadableStream<Uint8Array>, res: ServerResponse, { idleTimeoutMs, controller = new AbortController() }: RelayOptions): Promise<void> {
  const idle = setTimeout(() => controller.abort(), idleTimeoutMs)
  res.flushHeaders()
  try {
    await pipeline(
      Readable.fromWeb(stream as NodeReadableStream<Uint8Array>),
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          idle.refresh()
          yield chunk
        }
      },
      res,
      { signal: controller.signal },
    )
  }
  catch {
    res.destroy()
  }
  finally {
    clearTimeout(idle)
  }
}
