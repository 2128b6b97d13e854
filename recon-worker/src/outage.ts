import type { Logger } from 'pino'
import { setTimeout as delay } from 'node:timers/promises'
import { outageReason } from './sql/database-errors.ts'

const BACKOFF_MIN_MS = 100
/** Longest time until a worker resumes after a repair. */
const BACKOFF_MAX_MS = 2_000
/** How often an outage is logged once its backoff no longer grows. */
const REMINDER_EVERY_MS = 60_000

/** The outage, if any, that keeps this worker from settling: any error but a data error or a conflict; see database-errors.ts. */
export interface Outage {
  /** Why no batch can settle, in words safe for GET /ready; undefined if there is no known outage. */
  reason: () => string | undefined
  /**
   * Begins or continues the outage and waits before the next try: 100 ms at first, then twice as long each time, up to 2 s.
   * Only the signal ends the wait early. Without an error, the reason stays as it is. Never throws.
   */
  backOff: (error?: unknown) => Promise<void>
  /** Ends the outage, if any: a batch settled, or an empty post showed that one could. */
  end: () => void
}

export function trackOutage(signal: AbortSignal, log: Logger): Outage {
  let reason: string | undefined
  let step = 0
  let loggedAtMs = 0
  return {
    reason: () => reason,
    backOff: async (error) => {
      const waitMs = Math.min(BACKOFF_MIN_MS * 2 ** step++, BACKOFF_MAX_MS)
      const previousReason = reason
      if (error !== undefined)
        reason = outageReason(error)
      const isRepeat = waitMs === BACKOFF_MAX_MS && reason === previousReason
      if (!isRepeat || performance.now() - loggedAtMs >= REMINDER_EVERY_MS) {
        loggedAtMs = performance.now()
        log.error({ err: error, reason, waitMs }, 'batch rolled back; retrying after a backoff')
      }
      await delay(waitMs, undefined, { signal }).catch(() => {}) // rejects when the signal ends the wait
    },
    end: () => {
      if (reason !== undefined)
        log.info({ reason }, 'outage over; settling again')
      reason = undefined
      step = 0
    },
  }
}
