import type { Logger } from 'pino'
import { setTimeout as delay } from 'node:timers/promises'
import { outageReason } from './sql/database-errors.ts'

const BACKOFF_MIN_MS = 100
/** A worker resumes at most this long after a repair. */
const BACKOFF_MAX_MS = 2_000
/** How often a continuing outage is logged once its back-off no longer grows. */
const REMINDER_EVERY_MS = 60_000

/** The outage that keeps this worker from settling, if there is one. */
export interface Outage {
  /** Why no batch can be settled; undefined while nothing is known to be wrong. */
  reason: () => string | undefined
  /** Waits before the next try, twice as long each time. Only the signal ends the wait early. Without an error, keeps the reason. */
  backOff: (error?: unknown) => Promise<void>
  /** Ends the outage: a batch was settled, or could have been. */
  over: () => void
}

export function outage(signal: AbortSignal, log: Logger): Outage {
  let reason: string | undefined
  let step = 0
  let loggedAtMs = 0
  return {
    reason: () => reason,
    backOff: async (error) => {
      const waitMs = Math.min(BACKOFF_MIN_MS * 2 ** step++, BACKOFF_MAX_MS)
      const before = reason
      if (error !== undefined)
        reason = outageReason(error)
      const steady = waitMs === BACKOFF_MAX_MS && reason === before
      if (!steady || performance.now() - loggedAtMs >= REMINDER_EVERY_MS) {
        loggedAtMs = performance.now()
        log.error({ err: error, reason, waitMs }, 'batch rolled back, will be tried again')
      }
      await delay(waitMs, undefined, { signal }).catch(() => {}) // the signal ended the wait
    },
    over: () => {
      if (reason !== undefined)
        log.info({ reason }, 'settling again')
      reason = undefined
      step = 0
    },
  }
}
