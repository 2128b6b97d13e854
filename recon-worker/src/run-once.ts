import type { Knex } from 'knex'
import type { Batch, SettleOptions } from './settle.ts'
import type { ClaimedJob, ClaimOptions, LowWaterMark } from './sql/claim-jobs.ts'
import { rehearse, settle } from './settle.ts'
import { areJobsHeld, boundTransaction, claimJobs, FULL_SCAN } from './sql/claim-jobs.ts'
import { isPaused } from './sql/queue-pause.ts'

export interface RunOnceOptions extends SettleOptions, Omit<ClaimOptions, 'lowWaterMark'> {
  /** Default FULL_SCAN. */
  lowWaterMark?: LowWaterMark
  /** Called with the claimed jobs before they are settled. */
  onClaimed?: (jobs: ClaimedJob[]) => Promise<void> | void
}

/**
 * Settles one batch of due jobs, exactly once, in one transaction: claim (row locks) -> settle -> commit.
 *
 * Only its row lock marks a job as running, so a crash at any point leaves the job as it was, for any worker.
 *
 * @throws any database error that is not caused by a job's data; the transaction is rolled back
 */
export async function runOnce(db: Knex, { batchSize, lowWaterMark = FULL_SCAN, newestFirst, onClaimed, ...options }: RunOnceOptions): Promise<Batch> {
  return await db.transaction(async (trx) => {
    const claimed = await claimJobs(trx, { batchSize, lowWaterMark, newestFirst })
    await onClaimed?.(claimed)
    if (claimed.length === 0 && await isPaused(trx))
      return { claimed, settled: 0, failed: [], paused: true }
    return await settle(trx, claimed, options)
  })
}

/**
 * Whether a batch could settle, checked while there is none. False while other transactions hold due jobs: the error that
 * stopped this worker may stop those transactions too.
 * @throws the error that would stop a batch
 */
export async function couldSettle(db: Knex, workerId: string): Promise<boolean> {
  return await db.transaction(async (trx) => {
    await boundTransaction(trx)
    await rehearse(trx, workerId)
    return !await areJobsHeld(trx)
  })
}
