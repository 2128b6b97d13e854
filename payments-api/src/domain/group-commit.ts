/** Write calls that may be under way at once. Measured at 128 callers: 1: 8.6k/s, 2: 9.2k/s, 4: 7.7k/s. */
const MAX_IN_FLIGHT = 2
/** Rows in one write. */
const MAX_BATCH = 500
/** Rows that may wait for a write; further ones are refused at once. */
export const MAX_WAITING = 5_000
/** Rows of one batch that may wait for a lock in vain, one after the other, before the others are refused. */
const MAX_LOCK_TIMEOUTS = 2
/** How often one row is written again after a lost connection. */
const MAX_RETRIES = 2

/** The queue in front of the database is full, or the database is stuck. Nothing was written; the caller may try again. */
export class OverloadedError extends Error {}

interface Waiting<Row, Result> {
  row: Row
  resolve: (result: Result) => void
  reject: (error: unknown) => void
  retries: number
}

/**
 * Gathers concurrent writes into few commits, by natural batching: what arrives while the last writes are on their way
 * goes out together with the next one. No timer: a lone row is written at once.
 *
 * `write` takes rows and answers their results in the same order, all or nothing. A row that the database refuses is
 * found by halving its batch, so it fails alone; one that waits for a lock too long, by writing each alone. After a lost connection, where a commit may have happened or not, the
 * same rows are written again: `write` must know its own rows by their ids.
 */
export function groupCommit<Row, Result>(
  write: (rows: Row[]) => Promise<Result[]>,
  is: Record<'refusedRow' | 'lockTimeout' | 'lostConnection', (error: unknown) => boolean>,
): (row: Row) => Promise<Result> {
  const waiting: Waiting<Row, Result>[] = []
  let inFlight = 0
  let armed = false

  function arm(): void {
    if (armed || waiting.length === 0 || inFlight >= MAX_IN_FLIGHT)
      return
    armed = true
    setImmediate(flush) // after this turn's I/O: requests that arrived together are written together
  }

  function flush(): void {
    armed = false
    while (inFlight < MAX_IN_FLIGHT && waiting.length > 0) {
      inFlight++
      void settle(waiting.splice(0, MAX_BATCH)).finally(() => {
        inFlight--
        arm()
      })
    }
  }

  async function settle(batch: Waiting<Row, Result>[]): Promise<void> {
    try {
      const results = await write(batch.map(each => each.row))
      batch.forEach((each, i) => each.resolve(results[i] as Result))
    }
    catch (error) {
      if (batch.length > 1 && is.refusedRow(error)) {
        const middle = batch.length >> 1
        await settle(batch.slice(0, middle))
        await settle(batch.slice(middle))
      }
      else if (batch.length > 1 && is.lockTimeout(error)) {
        await settleOneByOne(batch)
      }
      else if (is.lostConnection(error) && batch.every(each => each.retries < MAX_RETRIES)) {
        batch.forEach(each => each.retries++)
        await settle(batch)
      }
      else {
        batch.forEach(each => each.reject(error))
      }
    }
  }

  /** One row of the batch waits for a lock that somebody holds: it alone is to wait, once more and no longer. */
  async function settleOneByOne(batch: Waiting<Row, Result>[]): Promise<void> {
    let timeouts = 0
    for (const each of batch) {
      if (timeouts >= MAX_LOCK_TIMEOUTS) {
        each.reject(new OverloadedError())
        continue
      }
      await settle([{ ...each, reject: (error) => {
        if (is.lockTimeout(error))
          timeouts++
        each.reject(error)
      } }])
    }
  }

  return (row) => {
    if (waiting.length >= MAX_WAITING)
      return Promise.reject(new OverloadedError())
    return new Promise<Result>((resolve, reject) => {
      waiting.push({ row, resolve, reject, retries: 0 })
      arm()
    })
  }
}
