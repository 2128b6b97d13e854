import type { ServerResponse } from 'node:http'

/** Returns a signal that aborts if the browser disconnects before its response is complete. */
export function disconnectSignal(res: ServerResponse): AbortSignal {
  const controller = new AbortController()
  res.once('close', () => {
    if (!res.writableFinished)
      controller.abort()
  })
  return controller.signal
}
