import type { Attempts } from './settle-jobs.ts'

/** Jobs in the window. */
const WINDOW_JOBS = 100
/** The queue pauses itself when more jobs of the window than this were refused. */
const MAX_REFUSED_JOBS = WINDOW_JOBS / 2

/**
 * The last 100 jobs that this worker settled or refused at their first attempt since the queue was resumed. Another attempt says
 * nothing new about the queue.
 */
export interface RefusalWindow {
  /** Adds the first attempts of a batch. Deferred and held jobs were not attempted. */
  add: (batch: Attempts) => void
  /**
   * Returns why the queue should pause; undefined while the window is not full or at most half of it was refused. With a
   * batch, judges the window as it will be once that batch is added.
   */
  reasonToPause: (batch?: Attempts) => string | undefined
  clear: () => void
}

export function refusalWindow(): RefusalWindow {
  let window: (string | undefined)[] = [] // an error per job, oldest first; undefined if it settled
  const withBatch = ({ claimed, deferred = [], held = [], failed }: Attempts): typeof window => {
    const refusals = new Map(failed.map(({ paymentId, error }) => [paymentId, error]))
    const notAttempted = new Set([...deferred, ...held])
    const firstAttempts = claimed.filter(({ paymentId, attempts }) => attempts === 0 && !notAttempted.has(paymentId))
    return [...window, ...firstAttempts.map(({ paymentId }) => refusals.get(paymentId))].slice(-WINDOW_JOBS)
  }
  return {
    add: batch => window = withBatch(batch),
    reasonToPause: (batch) => {
      const errors = batch ? withBatch(batch) : window
      const refused = errors.filter(error => error !== undefined)
      return errors.length === WINDOW_JOBS && refused.length > MAX_REFUSED_JOBS
        ? `${refused.length} of the last ${WINDOW_JOBS} jobs were refused, the latest because: ${refused.at(-1)}`
        : undefined
    },
    clear: () => window = [],
  }
}
