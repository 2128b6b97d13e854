import type { Knex } from 'knex'
import type { Refusal } from './settle.ts'
import type { Settlement } from './sql/post-batch.ts'
import { postOneByOne } from './sql/post-batch.ts'
import { siftJobs } from './sql/sift-jobs.ts'

export interface Search {
  posted: Settlement[]
  refusals: Refusal[]
  /** Jobs that the search had no time for. */
  deferred: Settlement[]
  /** Jobs whose account another transaction has locked. */
  held: Settlement[]
  /** Jobs were refused for causes that only a post reveals. */
  oneByOne?: true
}

export interface SearchOptions {
  workerId: string
  /** Posts the jobs, or returns why they are refused. */
  post: (some: Settlement[]) => Promise<string | undefined>
  /** Nothing was posted yet: the whole batch may settle in one post. */
  untried: boolean
  /** Defer jobs whose accounts are locked. */
  skipHeld: boolean
}

/**
 * Finds the jobs that made a batch fail, and posts the others. One statement locks all accounts and finds the jobs with a
 * known cause. If the rest is refused too, its jobs are posted one by one.
 */
export async function findRefusals(trx: Knex.Transaction, settlements: Settlement[], { workerId, post, untried, skipHeld }: SearchOptions): Promise<Search> {
  const search = await sift(trx, settlements, skipHeld)
  const free = search.posted
  if (free.length === 0 || ((untried || free.length < settlements.length) && await post(free) === undefined))
    return search

  // Newest first: otherwise jobs deferred earlier would use up the time of a job that has just arrived.
  const unsettled = new Map((await postOneByOne(trx, free.toReversed(), workerId)).map(({ paymentId, error }) => [paymentId, error]))
  search.oneByOne = true
  search.posted = free.filter(({ job }) => !unsettled.has(job.paymentId))
  for (const settlement of free) {
    const error = unsettled.get(settlement.job.paymentId)
    if (error === null)
      search.deferred.push(settlement)
    else if (error !== undefined)
      search.refusals.push({ job: settlement.job, error })
  }
  return search
}

/** Returns the jobs without a known cause as `posted`; the caller still has to post them. */
async function sift(trx: Knex.Transaction, settlements: Settlement[], skipHeld: boolean): Promise<Search> {
  const search: Search = { posted: [], refusals: [], deferred: [], held: [] }
  const sifted = await siftJobs(trx, settlements.map(({ job, reconciliation }) => ({
    paymentId: job.paymentId,
    posted: reconciliation.status !== 'failed',
  })), { skipHeld })
  const byId = new Map(sifted.map(job => [job.paymentId, job]))
  for (const settlement of settlements) {
    const { refusal, held } = byId.get(settlement.job.paymentId)!
    if (refusal !== null)
      search.refusals.push({ job: settlement.job, error: refusal })
    else if (held)
      search.held.push(settlement)
    else
      search.posted.push(settlement)
  }
  return search
}
