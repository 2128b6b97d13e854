import type { Knex } from 'knex'
import type { Outage } from './outage.ts'
import { outageReason } from './sql/database-errors.ts'
import { PAUSED_ITSELF, readQueueState } from './sql/queue-pause.ts'

/** The body of GET /ready: 200 without a problem, otherwise 503 with that problem (RFC 9457). */
export type Readiness
  = | { status: 'ready', problem?: undefined }
    | { status: 'paused', pausedBy: string, reason: string | null, problem?: undefined }
    | { problem: { type: string, title: string, detail: string } }

/**
 * Returns whether this worker can settle payments and, if not, why. A queue paused by an operator counts as ready. A queue that
 * paused itself does not, because an operator has to look at it. Never throws: a database error is a problem.
 */
export async function readReadiness(db: Knex, outage: Outage): Promise<Readiness> {
  const reason = outage.reason()
  if (reason !== undefined)
    return unavailable(reason)
  try {
    const { pausedBy, reason, readOnly } = await readQueueState(db)
    if (readOnly)
      return unavailable('the database is read-only')
    if (pausedBy === PAUSED_ITSELF)
      return { problem: { type: '/problems/queue-paused', title: 'The queue paused itself', detail: reason ?? '' } }
    return pausedBy === null ? { status: 'ready' } : { status: 'paused', pausedBy, reason }
  }
  catch (error) {
    return unavailable(outageReason(error))
  }
}

function unavailable(detail: string): Readiness {
  return { problem: { type: '/problems/unavailable', title: 'The worker cannot settle payments', detail } }
}
