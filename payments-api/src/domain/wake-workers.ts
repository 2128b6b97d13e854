/** Least time between two notifications of one process: NOTIFY takes a cluster-wide lock at commit. */
const MIN_GAP_MS = 20

/**
 * Notifies the workers that jobs are waiting, throttled on the leading edge: on an idle system the first payment wakes them at
 * once, and payments within the gap share one notification at its end.
 */
export function wakeWorkers(notify: () => void): () => void {
  let lastMs = -Infinity
  let timer: NodeJS.Timeout | undefined
  return () => {
    if (timer)
      return
    const waitMs = lastMs + MIN_GAP_MS - performance.now()
    if (waitMs <= 0)
      send()
    else
      timer = setTimeout(send, waitMs)
  }

  function send(): void {
    timer = undefined
    lastMs = performance.now()
    notify()
  }
}
