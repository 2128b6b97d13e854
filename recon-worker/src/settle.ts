import type { Knex } from 'knex'
import type { Search } from './find-refusals.ts'
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
/** Longest deferral of a job that this transaction had no time for, or whose account another transaction has locked. */
const DEFER_MS = 2_000

export interface SettleOptions {
  workerId: string
  /** Attempts after which a job is dead. */
  maxAttempts: number
  /** Look for known causes before the first post instead of after a refused one: cheaper while many jobs are refused. */
  siftFirst?: boolean
  /** Sift first, and defer jobs whose accounts are locked by other transactions instead of waiting. */
  skipHeld?: boolean
}

export interface Batch {
  claimed: ClaimedJob[]
  settled: number
  failed: FailedJob[]
  /** Jobs that this transaction had no time for, if any. They are due again within two seconds, and no attempt is counted. */
  deferred?: string[]
  /** Jobs deferred because another transaction has locked their account, if any. */
  held?: string[]
  /** Jobs had to be posted one by one to find those that are refused. */
  oneByOne?: true
  /** Nothing was claimed because the queue is paused. */
  paused?: true
}

export interface Refusal { job: ClaimedJob, error: string }

/**
 * Settles claimed jobs within the transaction that claimed them: rules -> savepoint -> post -> notify.
 *
 * If the data of some jobs make the post fail, findRefusals finds those jobs while all claims are held. The other jobs settle
 * in this transaction, no other worker meets the bad jobs, and only the bad jobs count an attempt.
 */
export async function settle(trx: Knex.Transaction, claimed: ClaimedJob[], { workerId, maxAttempts, siftFirst = false, skipHeld = false }: SettleOptions): Promise<Batch> {
  const { settlements, refusals } = applyRules(claimed)
  const post = (some: Settlement[]): Promise<string | undefined> => tryToPost(trx, some, workerId)

  let found: Search = { posted: settlements, refusals: [], deferred: [], held: [] }
  const untried = siftFirst || skipHeld
  if (untried ? settlements.length > 0 : await post(settlements) !== undefined)
    found = await findRefusals(trx, settlements, { workerId, post, untried, skipHeld })
  const { posted, deferred, held } = found
  refusals.push(...found.refusals)

  if (posted.length > 0)
    await notifySettled(trx, posted.map(({ job, reconciliation }) => ({ paymentId: job.paymentId, status: reconciliation.status })))
  const failed = refusals.length === 0
    ? []
    : await failJobs(trx, refusals.map(({ job, error }) => ({ paymentId: job.paymentId, error, backoffMs: backoffMs(job.attempts) })), { workerId, maxAttempts })
  const batch: Batch = { claimed, settled: posted.length, failed }
  if (found.oneByOne)
    batch.oneByOne = true
  if (deferred.length + held.length > 0) {
    batch.deferred = deferred.map(({ job }) => job.paymentId)
    batch.held = held.map(({ job }) => job.paymentId)
    await deferJobs(trx, [...batch.deferred, ...batch.held], DEFER_MS)
  }
  return batch
}

/**
 * Posts an empty batch, which proves that the grants, tables, columns and triggers that a post needs are in place.
 * @throws the error that a batch would meet
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
 * Posts under a savepoint. Returns why the data of some job was refused; undefined if all jobs were posted.
 * @throws any other error; the transaction cannot go on then
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
