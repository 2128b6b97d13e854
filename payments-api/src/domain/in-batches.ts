/** Most items that may wait in the queue. */
export const MAX_WAITING = 2_000
/** Reject new items once the oldest has waited this long: they would wait even longer. */
const MAX_QUEUE_AGE_MS = 1_000
/** Reject an item that has waited this long, for example because the database is stuck. */
const MAX_WAIT_MS = 2_000

/** The queue in front of the database is full, or the database is stuck. Nothing was written; the caller may retry. */
export class OverloadedError extends Error {}

export interface Waiting<Item, Result> {
  item: Item
  resolve: (result: Result) => void
  reject: (error: unknown) => void
}

/**
 * Processes items in order of arrival, with natural batching: items that arrive while batches are in flight form the next
 * batch. A lone item starts at once; a second batch starts only when the last one has taken `overlapAfterMs`.
 * `handle` must resolve or reject each item, and must not throw. When it finishes, the next batch starts at once.
 *
 * The queue is bounded in length and in waiting time. Beyond either bound an item is rejected with an OverloadedError, on
 * arrival if possible, so that accepted items are processed in time under overload.
 */
export function inBatches<Item, Result>(
  { batches, batchSize, overlapAfterMs }: { batches: number, batchSize: number, overlapAfterMs: number },
  handle: (batch: Waiting<Item, Result>[]) => Promise<void>,
): (item: Item) => Promise<Result> {
  const queue: (Waiting<Item, Result> & { sinceMs: number })[] = []
  let inFlight = 0
  let lastStartMs = 0
  let overlap: NodeJS.Timeout | undefined
  let flushing = false
  let shedding: NodeJS.Timeout | undefined

  function schedule(): void {
    if (flushing || queue.length === 0 || inFlight >= batches)
      return
    const waitMs = untilNextStartMs()
    if (waitMs > 0) {
      overlap ??= setTimeout(() => {
        overlap = undefined
        schedule()
      }, waitMs)
      return
    }
    flushing = true
    setImmediate(flush) // after this turn's I/O, so that items which arrived together share a batch
  }

  function untilNextStartMs(): number {
    return inFlight === 0 ? 0 : lastStartMs + overlapAfterMs - performance.now()
  }

  function flush(): void {
    flushing = false
    while (inFlight < batches && queue.length > 0 && untilNextStartMs() <= 0) {
      inFlight++
      lastStartMs = performance.now()
      void handle(queue.splice(0, batchSize)).finally(() => {
        inFlight--
        flush()
      })
    }
    schedule()
  }

  /** Rejects items that have waited too long, and runs again when the next item reaches the limit. */
  function shed(): void {
    const now = performance.now()
    while (queue[0] && now - queue[0].sinceMs >= MAX_WAIT_MS)
      queue.shift()!.reject(new OverloadedError())
    shedding = queue[0] && setTimeout(shed, queue[0].sinceMs + MAX_WAIT_MS - now)
  }

  return (item) => {
    const now = performance.now()
    if (queue.length >= MAX_WAITING || (queue[0] && now - queue[0].sinceMs >= MAX_QUEUE_AGE_MS))
      return Promise.reject(new OverloadedError())
    return new Promise<Result>((resolve, reject) => {
      queue.push({ item, resolve, reject, sinceMs: now })
      shedding ??= setTimeout(shed, MAX_WAIT_MS)
      schedule()
    })
  }
}
