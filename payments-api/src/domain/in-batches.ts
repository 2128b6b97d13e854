/** Items that may wait for their turn. */
export const MAX_WAITING = 2_000
/** Nor does anybody join while the first in line has waited for this long: behind it, it would take longer still. */
const MAX_LINE_MS = 1_000
/** When all stands still, nobody stays in line for longer than this. */
const MAX_WAIT_MS = 2_000

/** The line in front of the database is full, or the database is stuck. Nothing was done; the caller may try again. */
export class OverloadedError extends Error {}

export interface Waiting<Item, Result> {
  item: Item
  resolve: (result: Result) => void
  reject: (error: unknown) => void
}

/**
 * Settles items in turn, by natural batching: what arrives while the last batches are on their way goes out together
 * with the next one. A lone item goes at once; a batch goes beside another only when that has taken `overlapAfterMs`.
 * `settle` must resolve or reject each item, and not throw; when it ends, the next batch goes out at once.
 *
 * The line is bounded in length and in time. Beyond that an item is rejected with an OverloadedError, at once as far as
 * that can be known: all that were let in are then answered in time, also when more comes than can be done.
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

  /** Rejects those that have waited for too long, and comes back when the next one will have. */
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
