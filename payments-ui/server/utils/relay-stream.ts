import type { ServerResponse } from 'node:http'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

export interface RelayOptions {
  /** Nothing moves for so long, whichever side it waits for: both are closed. */
  idleTimeoutMs: number
  /** Ends the relay from outside. */
  controller?: AbortController
}

/**
 * Sends a stream of the API to a browser, no faster than the browser takes it. When one side goes away the other is
 * closed: neither is left open, and a body that breaks off is seen to have broken off. Never rejects.
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
