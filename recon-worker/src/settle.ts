import type { Knex } from 'knex'
import type { ClaimedJob } from './sql/claim-jobs.ts'
import type { FailedJob } from './sql/fail-jobs.ts'
import type { Settlement } from './sql/post-batch.ts'
import { findRefusals } from './find-refusals.ts'
import { reconcile } from './reconcile.ts'
import { errorText, faultOf } from './sql/database-errors.ts'
import { deferJobs, failJobs } from './sql/fail-jobs.ts'
import { notifySettled } from './sql/notify-settled.ts'
import { postBatch } from './sql/post-batch.ts'

const BACKOFF_MIN_MS = 1_000
const BACKOFF_MAX_MS = 300_000
/** For how long jobs are put off that this transaction had no time for, or whose account another one holds. */
const DEFER_MS = 1_000

export interface SettleOptions {
  workerId: string
  /** Attempts after which a job is dead. */
  maxAttempts: number
  /** Defer jobs whose accounts other transactions hold, instead of waiting for them. */
  skipHeld?: boolean
}

export interface Batch {
  claimed: ClaimedJob[]
  settled: number
  failed: FailedJob[]
  /** Left for a later transaction, if any were. No attempt is counted. */
  deferred?: string[]
  /** Nothing was claimed because the queue is paused. */
  paused?: true
}

export interface Refusal { job: ClaimedJob, error: string }

/**
 * Settles claimed jobs within the transaction that claimed them: rules -> savepoint -> post -> notify.
 *
 * If the post is refused for the data of some job, findRefusals finds those jobs with all claims still held: the others
 * settle in this transaction, and no other worker meets the bad ones. They alone count an attempt.
 */
export async function settle(trx: Knex.Transaction, claimed: ClaimedJob[], { workerId, maxAttempts, skipHeld = false }: SettleOptions): Promise<Batch> {
  const { settlements, refusals } = applyRules(claimed)
  const post = (some: Settlement[]): Promise<string | undefined> => tryToPost(trx, some, workerId)

  let posted = settlements
  let deferred: Settlement[] = []
  if (skipHeld || await post(settlements) !== undefined) {
    const found = await findRefusals(trx, settlements, { post, skipHeld })
    posted = found.posted
    deferred = found.deferred
    refusals.push(...found.refusals)
  }

  if (posted.length > 0)
    await notifySettled(trx, posted.map(({ job, reconciliation }) => ({ paymentId: job.paymentId, status: reconciliation.status })))
  const failed = refusals.length === 0
    ? []
    : await failJobs(trx, refusals.map(({ job, error }) => ({ paymentId: job.paymentId, error, backoffMs: backoffMs(job.attempts) })), { workerId, maxAttempts })
  if (deferred.length === 0)
    return { claimed, settled: posted.length, failed }
  const deferredIds = deferred.map(({ job }) => job.paymentId)
  await deferJobs(trx, deferredIds, DEFER_MS)
  return { claimed, settled: posted.length, failed, deferred: deferredIds }
}

/**
 * Proves that payments could be posted, by posting none: the grants, tables, columns and triggers are as they should be.
 * @throws what a batch would meet
 */
export async function rehearse(trx: Knex.Transaction, workerId: string): Promise<void> {
  await postBatch(trx, [], workerId)
  await notifySettled(trx, [])
}

function applyRules(claimed: ClaimedJob[]): { settlements: Settlement[], refusals: Refusal[] } {
  const settlements: Settlement[] = []
  const refusals: Refusal[] = []
  for (const job of claimed) {
    try {
      settlements.push({ job, reconciliation: reconcile(job.amount) })
    }
    catch (error) {
      refusals.push({ job, error: errorText(error) })
    }
  }
  return { settlements, refusals }
}

/**
 * Posts under a savepoint. Returns why the data of some job were refused; undefined once all are posted.
 * @throws any other error: the transaction is of no use then
 */
async function tryToPost(trx: Knex.Transaction, settlements: Settlement[], workerId: string): Promise<string | undefined> {
  if (settlements.length === 0)
    return undefined
  try {
    await trx.transaction(savepoint => postBatch(savepoint, settlements, workerId))
    return undefined
  }
  catch (error) {
    if (faultOf(error) !== 'data')
      throw error
    return errorText(error)
  }
}

/** Exponential, jittered between half and all of it: jobs that failed together do not come back together. */
function backoffMs(attempts: number): number {
  const ceiling = Math.min(BACKOFF_MIN_MS * 2 ** attempts, BACKOFF_MAX_MS)
  return Math.round(ceiling * (0.5 + Math.random() / 2))
}
