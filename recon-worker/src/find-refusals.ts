import type { Knex } from 'knex'
import type { Refusal } from './settle.ts'
import type { Settlement } from './sql/post-batch.ts'
import { siftJobs } from './sql/sift-jobs.ts'

/** Jobs in each part of a refused batch. With a tenth of the jobs bad, larger parts cost more posts. */
const PART_SIZE = 32
/** Most posts in one search. Finding one bad job among 1,000 takes 43. Jobs left over are deferred. */
const MAX_POSTS = 64
/** Longest search. transaction_timeout cannot limit it: it no longer ends a transaction that has caught an error. */
const SEARCH_TIME_MS = 500

export interface Search {
  posted: Settlement[]
  refusals: Refusal[]
  /** Jobs that the search had no time for. */
  deferred: Settlement[]
  /** Jobs whose account another transaction has locked. */
  held: Settlement[]
}

export interface SearchOptions {
  /** Posts some of the jobs, or returns why they are refused. */
  post: (some: Settlement[]) => Promise<string | undefined>
  /** Nothing was posted yet: the whole batch may settle in one post. */
  untried: boolean
  /** Defer jobs whose accounts are locked. */
  skipHeld: boolean
}

/**
 * Finds the jobs that made a batch fail, and posts the others. One statement locks all accounts and finds the jobs with a
 * known cause. For unknown causes, the batch is cut into parts, and a refused part is halved until each bad job is alone.
 */
export async function findRefusals(trx: Knex.Transaction, settlements: Settlement[], { post, untried, skipHeld }: SearchOptions): Promise<Search> {
  const search = await sift(trx, settlements, skipHeld)
  const free = search.posted
  search.posted = []
  if ((untried || free.length < settlements.length) && await post(free) === undefined) {
    search.posted = free
    return search
  }

  const startedAtMs = performance.now()
  let posts = 0

  /** The time limit waits for the first job to settle or be refused, so that every transaction makes progress. */
  const isOver = (): boolean => posts >= MAX_POSTS
    || (performance.now() - startedAtMs >= SEARCH_TIME_MS && search.posted.length + search.refusals.length > 0)

  async function postInParts(some: Settlement[], partSize: number): Promise<void> {
    for (let start = 0; start < some.length; start += partSize) {
      const part = some.slice(start, start + partSize)
      if (isOver()) {
        search.deferred.push(...some.slice(start))
        return
      }
      posts++
      const error = await post(part)
      if (error === undefined)
        search.posted.push(...part)
      else if (part.length === 1)
        search.refusals.push({ job: part[0]!.job, error })
      else
        await postInParts(part, Math.ceil(part.length / 2))
    }
  }

  // Newest first: otherwise jobs deferred earlier would use up the time of a job that has just arrived.
  await postInParts(free.toReversed(), PART_SIZE)
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
