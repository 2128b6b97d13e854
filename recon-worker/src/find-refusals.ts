import type { Knex } from 'knex'
import type { Refusal } from './settle-jobs.ts'
import type { Settlement } from './sql/post-batch.ts'
import { boundTransaction } from './sql/claim-jobs.ts'
import { postOneByOne } from './sql/post-batch.ts'
import { siftJobs } from './sql/sift-jobs.ts'

export interface SearchResult {
  posted: Settlement[]
  refusals: Refusal[]
  /** Jobs that the search had no time for. */
  deferred: Settlement[]
  /** Jobs whose accounts another transaction has locked. */
  held: Settlement[]
  /** The jobs were posted one by one, because only a post reveals why one of them is refused. */
  oneByOne?: true
}

export interface SearchOptions {
  workerId: string
  /** Posts the jobs and returns undefined, or posts none and returns why one is refused. */
  post: (some: Settlement[]) => Promise<string | undefined>
  /** A post of the whole batch was refused already, so posting it again is useless. */
  alreadyRefused: boolean
  /** Defer jobs whose accounts other transactions have locked. */
  skipHeld: boolean
}

/**
 * Finds the refused jobs of a batch and posts the others. One statement locks all accounts and finds the jobs that are refused
 * for a known cause. If a post of the remaining jobs is refused too, they are posted one by one.
 *
 * @throws any database error that no job's data caused; the transaction must be rolled back then
 */
export async function findRefusals(trx: Knex.Transaction, settlements: Settlement[], { workerId, post, alreadyRefused, skipHeld }: SearchOptions): Promise<SearchResult> {
  await boundTransaction(trx)
  const { clean, refusals, held } = await sift(trx, settlements, skipHeld)
  await boundTransaction(trx)
  const found: SearchResult = { posted: clean, refusals, deferred: [], held }
  const worthPosting = !alreadyRefused || clean.length < settlements.length
  if (clean.length === 0 || (worthPosting && await post(clean) === undefined))
    return found

  await boundTransaction(trx)
  // Newest first: jobs deferred earlier would otherwise use up the time of a job that has just arrived.
  const unsettled = new Map((await postOneByOne(trx, clean.toReversed(), workerId)).map(({ paymentId, error }) => [paymentId, error]))
  found.oneByOne = true
  found.posted = clean.filter(({ job }) => !unsettled.has(job.paymentId))
  for (const settlement of clean) {
    const error = unsettled.get(settlement.job.paymentId)
    if (error === null)
      found.deferred.push(settlement)
    else if (error !== undefined)
      found.refusals.push({ job: settlement.job, error })
  }
  return found
}

/** Sorts the jobs by what one statement knows of them; a post may still refuse a clean job. Locks all their accounts. */
async function sift(trx: Knex.Transaction, settlements: Settlement[], skipHeld: boolean): Promise<{ clean: Settlement[], refusals: Refusal[], held: Settlement[] }> {
  const clean: Settlement[] = []
  const refusals: Refusal[] = []
  const held: Settlement[] = []
  const sifted = await siftJobs(trx, settlements.map(({ job, reconciliation }) => ({
    paymentId: job.paymentId,
    posted: reconciliation.resultStatus !== 'failed',
  })), { skipHeld })
  const byId = new Map(sifted.map(job => [job.paymentId, job]))
  for (const settlement of settlements) {
    const { refusal, held: isHeld } = byId.get(settlement.job.paymentId)!
    if (refusal !== null)
      refusals.push({ job: settlement.job, error: refusal })
    else if (isHeld)
      held.push(settlement)
    else
      clean.push(settlement)
  }
  return { clean, refusals, held }
}
