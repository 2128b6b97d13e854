import type { Knex } from 'knex'
import type { SearchResult } from './find-refusals.ts'
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
/** Longest deferral of a job: short, because the job itself did nothing wrong. */
const MAX_DEFERRAL_MS = 2_000

export interface SettleOptions {
  workerId: string
  /** Attempts after which a refused job is dead. */
  maxAttempts: number
  /** Returns whether the queue pauses once these attempts have committed. Then none of the jobs is dead, whatever `maxAttempts`. */
  willPause?: (attempts: Attempts) => boolean
  /** Sift the jobs before the first post, not only after a refused one: cheaper while many jobs are refused. Default false. */
  siftFirst?: boolean
  /** Sift first, and defer jobs whose accounts other transactions have locked instead of waiting for them. Default false. */
  skipHeld?: boolean
}

/** What became of claimed jobs: those in none of the three lists settled. */
export interface Attempts {
  claimed: ClaimedJob[]
  /** Refused jobs. */
  failed: Pick<FailedJob, 'paymentId' | 'error'>[]
  /** Ids of jobs that this transaction had no time for. They are due again within two seconds; no attempt is counted. */
  deferred?: string[]
  /** Ids of jobs whose accounts another transaction has locked; deferred in the same way. */
  held?: string[]
}

export interface Batch extends Attempts {
  /** Number of payments settled. */
  settled: number
  /** Refused jobs: each has one more attempt counted, and is either due again after its backoff or dead. */
  failed: FailedJob[]
  /** The jobs were posted one by one, because the cause of a refusal was unknown. */
  oneByOne?: true
  /** The queue is paused, so nothing was claimed. */
  paused?: true
}

/** A job that the rules or the database refused, with the error text for people. */
export interface Refusal { job: ClaimedJob, error: string }

/**
 * Settles claimed jobs in the transaction that claimed them: rules -> savepoint -> post -> notify.
 *
 * When the data of some jobs makes the post fail, findRefusals finds those jobs while the transaction still holds all its
 * claims. So the other jobs settle in this transaction, no other worker claims the refused jobs, and only refused jobs count
 * an attempt.
 *
 * @throws any database error that no job's data caused; the transaction must be rolled back then
 */
export async function settleJobs(trx: Knex.Transaction, claimed: ClaimedJob[], { workerId, maxAttempts, willPause = () => false, siftFirst = false, skipHeld = false }: SettleOptions): Promise<Batch> {
  const { settlements, refusals } = applyRules(claimed)
  const post = (some: Settlement[]): Promise<string | undefined> => tryToPost(trx, some, workerId)

  let found: SearchResult = { posted: settlements, refusals: [], deferred: [], held: [] }
  const searchFirst = siftFirst || skipHeld
  if (searchFirst ? settlements.length > 0 : await post(settlements) !== undefined)
    found = await findRefusals(trx, settlements, { workerId, post, alreadyRefused: !searchFirst, skipHeld })
  const { posted } = found
  const attempts = {
    claimed,
    failed: [...refusals, ...found.refusals].map(({ job, error }) => ({
      paymentId: job.paymentId,
      error,
      attempts: job.attempts + 1,
      backoffMs: backoffMs(job.attempts),
    })),
    deferred: found.deferred.map(({ job }) => job.paymentId),
    held: found.held.map(({ job }) => job.paymentId),
  }

  if (posted.length > 0)
    await notifySettled(trx, posted.map(({ job, reconciliation }) => ({ paymentId: job.paymentId, accountId: job.accountId, resultStatus: reconciliation.resultStatus })))
  const failed = attempts.failed.length === 0
    ? []
    : await failJobs(trx, attempts.failed, { workerId, maxAttempts: willPause(attempts) ? null : maxAttempts })
  const batch: Batch = { claimed, settled: posted.length, failed }
  if (found.oneByOne)
    batch.oneByOne = true
  if (attempts.deferred.length + attempts.held.length > 0) {
    batch.deferred = attempts.deferred
    batch.held = attempts.held
    await deferJobs(trx, [...batch.deferred, ...batch.held], MAX_DEFERRAL_MS)
  }
  return batch
}

/**
 * Posts and notifies an empty batch. Success proves that the grants, tables, columns and triggers of a real batch exist.
 * @throws the database error that a real batch would meet
 */
export async function postNothing(trx: Knex.Transaction, workerId: string): Promise<void> {
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
 * Posts under a savepoint. Returns undefined if all jobs were posted, otherwise why the database refused the data of one.
 * @throws any other database error; the transaction must be rolled back then
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

/** Exponential backoff with jitter from half of it to all of it, so that jobs that failed together spread out. */
function backoffMs(attempts: number): number {
  const ceilingMs = Math.min(BACKOFF_MIN_MS * 2 ** attempts, BACKOFF_MAX_MS)
  return Math.round(ceilingMs * (0.5 + Math.random() / 2))
}
