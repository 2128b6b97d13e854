import type { Knex } from 'knex'
import type { Batch, SettleOptions } from './settle.ts'
import type { ClaimedJob } from './sql/claim-jobs.ts'
import { settle } from './settle.ts'
import { claimJobs } from './sql/claim-jobs.ts'
import { errorText, isTransient } from './sql/database-errors.ts'
import { DIED_WITH_IT, explainAttempt, giveBack, takeAlone, takeBack } from './sql/take-alone.ts'

/** Until a job that may have killed its worker is tried again, by whichever worker: longer than a restart takes. */
const ALONE_BACKOFF_MS = 10_000

export interface RunOnceOptions extends SettleOptions {
  /** Jobs to take at most. */
  batchSize: number
  /** Low-water mark, see claimJobs. */
  since?: Date | '-infinity'
  /** This batch is settled beside another one of this worker, see claimJobs. */
  beside?: boolean
  /** Told the jobs that are locked, before they are settled. */
  onClaimed?: (jobs: ClaimedJob[]) => void
}

/**
 * Settles one batch of due jobs, exactly once, in one transaction: claim (row locks) -> settle -> commit.
 *
 * Nothing says that a job is running except its lock, so a crash anywhere leaves the job as it was, for any worker.
 *
 * @throws what the database throws for reasons that are not one job's: then everything was rolled back
 */
export async function runOnce(db: Knex, { batchSize, since = '-infinity', beside = false, onClaimed, ...options }: RunOnceOptions): Promise<Batch> {
  return await db.transaction(async (trx) => {
    const claimed = await claimJobs(trx, { limit: batchSize, since, beside })
    onClaimed?.(claimed)
    return await settle(trx, claimed, options)
  })
}

/**
 * Settles one due job, counting the attempt before it is made. What runOnce cannot see is a job that kills the process:
 * nothing is committed, so nothing counts, and the job comes again with all its batch. After an unclean stop a worker
 * therefore starts with jobs alone; one that kills it each time ends dead like any other.
 */
export async function runAlone(db: Knex, options: SettleOptions): Promise<Batch> {
  const taken = await takeAlone(db, { ...options, backoffMs: ALONE_BACKOFF_MS })
  if (taken?.status === 'dead')
    return { claimed: [], settled: 0, failed: [{ paymentId: taken.paymentId, error: DIED_WITH_IT, status: 'dead' }] }
  try {
    return await db.transaction(async (trx) => {
      const job = taken && await takeBack(trx, taken.paymentId)
      return await settle(trx, job ? [job] : [], options)
    })
  }
  catch (error) {
    // Only what the job may be to blame for counts; the process that dies here counts it by not getting here.
    if (taken && isTransient(error))
      await giveBack(db, taken.paymentId)
    else if (taken)
      await explainAttempt(db, taken.paymentId, errorText(error))
    throw error
  }
}
