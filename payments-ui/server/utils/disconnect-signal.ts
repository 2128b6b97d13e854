import type { ServerResponse } from 'node:http'

/** A signal that aborts when the browser goes away before its answer is complete. */
export function disconnectSignal(res: ServerResponse): AbortSignal {
  const controller = new AbortController()
  res.once('close', () => {
    if (!res.writableFinished)
      controller.abort()
  })
  return controller.signal
}
