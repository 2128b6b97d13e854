import type { Knex } from 'knex'
import type { Batch, SettleOptions } from './settle.ts'
import type { ClaimedJob } from './sql/claim-jobs.ts'
import { rehearse, settle } from './settle.ts'
import { areJobsHeld, claimJobs } from './sql/claim-jobs.ts'
import { isPaused } from './sql/queue-pause.ts'

export interface RunOnceOptions extends SettleOptions {
  /** Jobs to claim at most. */
  batchSize: number
  /** Low-water mark, see claimJobs. */
  since?: Date | '-infinity'
  /** Called with the jobs that are locked, before they are settled. */
  onClaimed?: (jobs: ClaimedJob[]) => Promise<void> | void
}

/**
 * Settles one batch of due jobs, exactly once, in one transaction: claim (row locks) -> settle -> commit.
 *
 * Nothing says that a job is running except its lock, so a crash anywhere leaves the job as it was, for any worker.
 *
 * @throws what the database throws for reasons that are no job's fault: then everything was rolled back
 */
export async function runOnce(db: Knex, { batchSize, since = '-infinity', onClaimed, ...options }: RunOnceOptions): Promise<Batch> {
  return await db.transaction(async (trx) => {
    const claimed = await claimJobs(trx, { limit: batchSize, since })
    await onClaimed?.(claimed)
    if (claimed.length === 0 && await isPaused(trx))
      return { claimed, settled: 0, failed: [], paused: true }
    return await settle(trx, claimed, options)
  })
}

/**
 * Whether a batch would settle although there is none now. Not while other transactions hold all due jobs: whatever
 * stopped this worker may stop them too.
 * @throws what stops a batch
 */
export async function couldSettle(db: Knex, workerId: string): Promise<boolean> {
  return await db.transaction(async (trx) => {
    await rehearse(trx, workerId)
    return !await areJobsHeld(trx)
  })
}
