import type { Knex } from 'knex'
import type { Batch, SettleOptions } from './settle-jobs.ts'
import type { ClaimedJob, ClaimOptions, LowWaterMark } from './sql/claim-jobs.ts'
import { postNothing, settleJobs } from './settle-jobs.ts'
import { areJobsHeld, boundTransaction, claimJobs, FULL_SCAN, LATE_MS } from './sql/claim-jobs.ts'
import { isPaused } from './sql/queue-pause.ts'

export interface RunOnceOptions extends SettleOptions, Omit<ClaimOptions, 'lowWaterMark'> {
  /** Default FULL_SCAN. */
  lowWaterMark?: LowWaterMark
  /** Called with the claimed jobs before they are settled. If it rejects, the batch is rolled back. */
  onClaimed?: (jobs: ClaimedJob[]) => Promise<void> | void
}

/**
 * Settles one batch of due jobs, exactly once, in one transaction: claim (row locks) -> settle -> commit.
 *
 * Only the row lock marks a job as running. A crash at any point therefore leaves the job as it was, due for any worker.
 *
 * @throws any database error that no job's data caused; the batch is rolled back and no attempt is counted
 */
export async function runOnce(db: Knex, { batchSize, lowWaterMark = FULL_SCAN, newestFirst, onClaimed, ...options }: RunOnceOptions): Promise<Batch> {
  return await db.transaction(async (trx) => {
    const begunAtMs = performance.now()
    const claimed = await claimJobs(trx, { batchSize, lowWaterMark, newestFirst })
    await onClaimed?.(claimed)
    if (claimed.length === 0 && await isPaused(trx))
      return { claimed, settled: 0, failed: [], paused: true }
    if (performance.now() - begunAtMs > LATE_MS)
      await boundTransaction(trx)
    return await settleJobs(trx, claimed, options)
  })
}

/**
 * Checks, while nothing can be claimed, whether a batch could settle. Returns false while other transactions hold due jobs:
 * they may fail with the error that stopped this worker.
 *
 * @throws the database error that would stop a batch
 */
export async function couldSettle(db: Knex, workerId: string): Promise<boolean> {
  return await db.transaction(async (trx) => {
    await boundTransaction(trx)
    await postNothing(trx, workerId)
    return !await areJobsHeld(trx)
  })
}
