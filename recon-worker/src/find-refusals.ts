import type { Knex } from 'knex'
import type { Refusal } from './settle.ts'
import type { Settlement } from './sql/post-batch.ts'
import { siftJobs } from './sql/sift-jobs.ts'

/** Jobs that are posted together once a whole batch was refused. With a tenth of the jobs bad, larger parts cost more posts. */
const PART_SIZE = 32
/**
 * Posts within one transaction at most: the search for one bad job among 1,000 takes 43. What is left then is deferred,
 * and so it is once the search has taken this long: transaction_timeout no longer ends a transaction that has caught an
 * error.
 */
const MAX_POSTS = 64
const SEARCH_TIME_MS = 500

export interface Search {
  posted: Settlement[]
  refusals: Refusal[]
  /** There was no time for them. */
  deferred: Settlement[]
  /** Another transaction holds their account. */
  held: Settlement[]
}

export interface SearchOptions {
  /** Posts some of the jobs, or returns why they are refused. */
  post: (some: Settlement[]) => Promise<string | undefined>
  /** The jobs were not posted together yet: they may settle at once. */
  untried: boolean
  /** Defer jobs whose accounts are locked. */
  skipHeld: boolean
}

/**
 * Finds the jobs for which a batch was refused, and posts the others. First one statement locks all accounts and sorts out
 * the known causes; then, for unknown ones, the batch is cut into parts, and these are halved until each bad job stands
 * alone.
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

  /** Not before a job is settled or refused: so each transaction gets something done. */
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

  // Newest first: else jobs that were deferred before would take all the time there is from one that has just come.
  await postInParts(free.toReversed(), PART_SIZE)
  return search
}

/** Jobs that nothing is known against are `posted`, for now. */
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
