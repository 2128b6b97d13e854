import type { Batch } from './settle.ts'

/** Jobs in the window. */
const WINDOW = 100
/** The queue pauses itself when more jobs of the window than this were refused. */
const MOST_REFUSED = WINDOW / 2

/** The last jobs that this worker claimed on their first attempt: a retry says nothing new about the queue. */
export interface RefusalWindow {
  add: (batch: Batch) => void
  /** Why the queue should pause; undefined before 100 jobs, and while at most half of the last 100 were refused. */
  verdict: () => string | undefined
  clear: () => void
}

export function refusalWindow(): RefusalWindow {
  let errors: (string | undefined)[] = [] // undefined: settled
  return {
    add: ({ claimed, deferred = [], held = [], failed }) => {
      const refusals = new Map(failed.map(({ paymentId, error }) => [paymentId, error]))
      const putOff = new Set([...deferred, ...held])
      const judged = claimed.filter(({ paymentId, attempts }) => attempts === 0 && !putOff.has(paymentId))
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
