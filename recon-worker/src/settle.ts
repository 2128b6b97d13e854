import type { Knex } from 'knex'
import type { ClaimedJob } from './sql/claim-jobs.ts'
import type { Settlement } from './sql/post-batch.ts'
import { reconcile } from './reconcile.ts'
import { errorText, isDataError } from './sql/database-errors.ts'
import { failJob } from './sql/fail-job.ts'
import { notifySettled } from './sql/notify-settled.ts'
import { postBatch } from './sql/post-batch.ts'

const BACKOFF_MIN_MS = 1_000
const BACKOFF_MAX_MS = 300_000

export interface SettleOptions {
  workerId: string
  /** Attempts after which a job is dead. */
  maxAttempts: number
}

export interface Batch {
  claimed: ClaimedJob[]
  settled: number
  failed: { paymentId: string, error: string, status: 'pending' | 'dead' }[]
}

/**
 * Settles claimed jobs within the transaction that claimed them: rules -> savepoint -> post -> notify.
 *
 * A job whose data are refused is found by halving the batch under savepoints, with all claims still held: the other
 * jobs settle in the same transaction, and no other worker meets the bad one. It alone counts an attempt.
 */
export async function settle(trx: Knex.Transaction, claimed: ClaimedJob[], { workerId, maxAttempts }: SettleOptions): Promise<Batch> {
  const batch: Batch = { claimed, settled: 0, failed: [] }

  async function fail(job: ClaimedJob, cause: unknown): Promise<void> {
    const error = errorText(cause)
    const status = await failJob(trx, { paymentId: job.paymentId, error, workerId, maxAttempts, backoffMs: backoffMs(job.attempts) })
    batch.failed.push({ paymentId: job.paymentId, error, status })
  }

  async function post(settlements: Settlement[]): Promise<void> {
    if (settlements.length === 0)
      return
    try {
      await trx.transaction(savepoint => postBatch(savepoint, settlements, workerId))
    }
    catch (error) {
      if (!isDataError(error))
        throw error
      if (settlements.length === 1)
        return await fail(settlements[0]!.job, error)
      const middle = settlements.length >> 1
      await post(settlements.slice(0, middle))
      await post(settlements.slice(middle))
      return
    }
    await notifySettled(trx, settlements.map(({ job, reconciliation }) => ({ paymentId: job.paymentId, status: reconciliation.status })))
    batch.settled += settlements.length
  }

  const settlements: Settlement[] = []
  for (const job of claimed) {
    try {
      settlements.push({ job, reconciliation: reconcile(job.amount) })
    }
    catch (error) {
      await fail(job, error)
    }
  }
  await post(settlements)
  return batch
}

/** Exponential, jittered between half and all of it: jobs that failed together do not come back together. */
function backoffMs(attempts: number): number {
  const ceiling = Math.min(BACKOFF_MIN_MS * 2 ** attempts, BACKOFF_MAX_MS)
  return Math.round(ceiling * (0.5 + Math.random() / 2))
}
