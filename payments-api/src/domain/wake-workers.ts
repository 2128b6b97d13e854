/** At least this long between two notifications of one process: a NOTIFY takes a lock of the whole cluster at commit. */
const MIN_GAP_MS = 20

/**
 * Tells the workers that jobs are waiting. Leading edge: on an idle system the first payment wakes them at once;
 * what comes within the gap is told at its end.
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
