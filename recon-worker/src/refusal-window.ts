import type { Batch } from './settle-jobs.ts'

/** Jobs in the window. */
const WINDOW_JOBS = 100
/** The queue pauses itself when more jobs of the window than this were refused. */
const MAX_REFUSED_JOBS = WINDOW_JOBS / 2

/** The last 100 jobs that this worker settled or refused at their first attempt. A retry says nothing new about the queue. */
export interface RefusalWindow {
  /** Adds the first attempts of a batch. Deferred and held jobs were not attempted. */
  add: (batch: Batch) => void
  /** Returns why the queue should pause; undefined while the window is not full or at most half of it was refused. */
  reasonToPause: () => string | undefined
  clear: () => void
}

export function refusalWindow(): RefusalWindow {
  let errors: (string | undefined)[] = [] // one per job, oldest first; undefined if it settled
  return {
    add: ({ claimed, deferred = [], held = [], failed }) => {
      const refusals = new Map(failed.map(({ paymentId, error }) => [paymentId, error]))
      const notAttempted = new Set([...deferred, ...held])
      const firstAttempts = claimed.filter(({ paymentId, attempts }) => attempts === 0 && !notAttempted.has(paymentId))
      errors = [...errors, ...firstAttempts.map(({ paymentId }) => refusals.get(paymentId))].slice(-WINDOW_JOBS)
    },
    reasonToPause: () => {
      const refused = errors.filter(error => error !== undefined)
      return errors.length === WINDOW_JOBS && refused.length > MAX_REFUSED_JOBS
        ? `${refused.length} of the last ${WINDOW_JOBS} jobs were refused, the latest because: ${refused.at(-1)}`
        : undefined
    },
    clear: () => errors = [],
  }
}
