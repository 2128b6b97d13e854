/** Items that may wait for their turn. */
export const MAX_WAITING = 2_000
/** Reject new items once the oldest has waited this long: they would wait even longer. */
const MAX_LINE_MS = 1_000
/** Reject an item that has waited this long, for example because the database is stuck. */
const MAX_WAIT_MS = 2_000

/** The line in front of the database is full, or the database is stuck. Nothing was done; the caller may try again. */
export class OverloadedError extends Error {}

export interface Waiting<Item, Result> {
  item: Item
  resolve: (result: Result) => void
  reject: (error: unknown) => void
}

/**
 * Hands items on in order of arrival, by natural batching: items that arrive while batches are in flight form the next batch. A
 * lone item goes at once; a second batch starts only when the last one has taken `overlapAfterMs`.
 * `settle` must resolve or reject each item, and not throw; when it ends, the next batch goes out at once.
 *
 * The line is bounded in length and in time. Beyond either bound an item is rejected with an OverloadedError, at once if
 * possible, so that accepted items get their result in time even when more arrive than can be handled.
 */
export function inBatches<Item, Result>(
  { batches, batchSize, overlapAfterMs }: { batches: number, batchSize: number, overlapAfterMs: number },
  settle: (batch: Waiting<Item, Result>[]) => Promise<void>,
): (item: Item) => Promise<Result> {
  const line: (Waiting<Item, Result> & { sinceMs: number })[] = []
  let underWay = 0
  let lastSentMs = 0
  let overlap: NodeJS.Timeout | undefined
  let flushing = false
  let shedding: NodeJS.Timeout | undefined

  function arm(): void {
    if (flushing || line.length === 0 || underWay >= batches)
      return
    const waitMs = mustWaitMs()
    if (waitMs > 0) {
      overlap ??= setTimeout(() => {
        overlap = undefined
        arm()
      }, waitMs)
      return
    }
    flushing = true
    setImmediate(flush) // after this turn's I/O: what arrived together goes together
  }

  function mustWaitMs(): number {
    return underWay === 0 ? 0 : lastSentMs + overlapAfterMs - performance.now()
  }

  function flush(): void {
    flushing = false
    while (underWay < batches && line.length > 0 && mustWaitMs() <= 0) {
      underWay++
      lastSentMs = performance.now()
      void settle(line.splice(0, batchSize)).finally(() => {
        underWay--
        flush()
      })
    }
    arm()
  }

  /** Rejects items that have waited too long, and runs again when the next one will have. */
  function shed(): void {
    const now = performance.now()
    while (line[0] && now - line[0].sinceMs >= MAX_WAIT_MS)
      line.shift()!.reject(new OverloadedError())
    shedding = line[0] && setTimeout(shed, line[0].sinceMs + MAX_WAIT_MS - now)
  }

  return (item) => {
    const now = performance.now()
    if (line.length >= MAX_WAITING || (line[0] && now - line[0].sinceMs >= MAX_LINE_MS))
      return Promise.reject(new OverloadedError())
    return new Promise<Result>((resolve, reject) => {
      line.push({ item, resolve, reject, sinceMs: now })
      shedding ??= setTimeout(shed, MAX_WAIT_MS)
      arm()
    })
  }
}
