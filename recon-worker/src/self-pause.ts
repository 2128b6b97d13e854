import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { Attempts } from './settle-jobs.ts'
import { refusalWindow } from './refusal-window.ts'
import { pauseQueue } from './sql/queue-pause.ts'

export interface SelfPause {
  /** Whether the queue will pause once this batch has committed. */
  willPause: (batch: Attempts) => boolean
  /**
   * Adds a committed batch to the refusal window, and pauses the queue when most jobs of the window were refused. Never
   * throws: a failure here must not look like a rollback. The window is kept, so the next batch tries again.
   */
  judge: (batch: Attempts) => Promise<void>
  /** Empties the refusal window: jobs claimed after a pause are judged afresh. */
  forget: () => void
}

/** Pauses the queue for all workers when more than half of this worker's last 100 first attempts were refused. */
export function watchRefusals(db: Knex, log: Logger): SelfPause {
  const window = refusalWindow()
  return {
    willPause: batch => window.reasonToPause(batch) !== undefined,
    judge: async (batch) => {
      window.add(batch)
      const reason = window.reasonToPause()
      if (reason === undefined)
        return
      try {
        const paused = await pauseQueue(db, reason)
        window.clear()
        log.error({ reason }, paused ? 'the queue paused itself' : 'queue not paused by this worker: it is paused already')
      }
      catch (error) {
        log.error({ err: error, reason }, 'queue not paused although most jobs are refused; retrying after the next batch')
      }
    },
    forget: window.clear,
  }
}
