import type { Batch } from './settle.ts'

/** Jobs that are judged, and the refused ones among them above which the queue pauses itself. */
const WINDOW = 100
const MOST_REFUSED = WINDOW / 2

/** The last jobs that this worker took for the first time: a retry of a refused job tells nothing new about the queue. */
export interface RefusalWindow {
  add: (batch: Batch) => void
  /** Why the queue should pause; undefined while at most half of the last 100 jobs were refused, or fewer were taken. */
  verdict: () => string | undefined
  clear: () => void
}

export function refusalWindow(): RefusalWindow {
  let errors: (string | undefined)[] = [] // undefined: settled
  return {
    add: ({ claimed, deferred = [], failed }) => {
      const refusals = new Map(failed.map(({ paymentId, error }) => [paymentId, error]))
      const judged = claimed.filter(({ paymentId, attempts }) => attempts === 0 && !deferred.includes(paymentId))
      errors = [...errors, ...judged.map(({ paymentId }) => refusals.get(paymentId))].slice(-WINDOW)
    },
    verdict: () => {
      const refused = errors.filter(error => error !== undefined)
      return errors.length === WINDOW && refused.length > MOST_REFUSED
        ? `${refused.length} of the last ${WINDOW} jobs were refused, the latest because: ${refused.at(-1)}`
        : undefined
    },
    clear: () => errors = [],
  }
}
