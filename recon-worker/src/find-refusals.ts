import type { Knex } from 'knex'
import type { Refusal } from './settle.ts'
import type { Settlement } from './sql/post-batch.ts'
import { siftJobs } from './sql/sift-jobs.ts'

/**
 * Posts within one transaction at most: the search for one bad job among 1,000 takes 21. What is left then is deferred,
 * and so it is once the search has taken this long: transaction_timeout no longer ends a transaction that has caught an
 * error.
 */
const MAX_POSTS = 64
const SEARCH_TIME_MS = 500

interface Search {
  posted: Settlement[]
  refusals: Refusal[]
  deferred: Settlement[]
}

/**
 * Finds the jobs for which a batch was refused, and posts the others. First one statement locks all accounts and sorts out
 * the known causes; then, for unknown ones, the batch is halved until each bad job stands alone.
 *
 * `post` posts some of the jobs, or returns why they are refused.
 */
export async function findRefusals(trx: Knex.Transaction, settlements: Settlement[], { post, skipHeld }: { post: (some: Settlement[]) => Promise<string | undefined>, skipHeld: boolean }): Promise<Search> {
  const search: Search = { posted: [], refusals: [], deferred: [] }
  const startedAtMs = performance.now()
  let posts = 0

  /** Not before a job is settled or refused: so each transaction gets something done. */
  const isOver = (): boolean => posts >= MAX_POSTS
    || (performance.now() - startedAtMs >= SEARCH_TIME_MS && search.posted.length + search.refusals.length > 0)

  async function halve(some: Settlement[]): Promise<void> {
    if (some.length === 0)
      return
    if (isOver()) {
      search.deferred.push(...some)
      return
    }
    posts++
    const error = await post(some)
    if (error === undefined) {
      search.posted.push(...some)
    }
    else if (some.length === 1) {
      search.refusals.push({ job: some[0]!.job, error })
    }
    else {
      const middle = some.length >> 1
      await halve(some.slice(0, middle))
      await halve(some.slice(middle))
    }
  }

  const sifted = await siftJobs(trx, settlements.map(({ job, reconciliation }) => ({
    paymentId: job.paymentId,
    posted: reconciliation.status !== 'failed',
  })), { skipHeld })
  const bySift = new Map(sifted.map(job => [job.paymentId, job]))
  const free: Settlement[] = []
  for (const settlement of settlements) {
    const { refusal, held } = bySift.get(settlement.job.paymentId)!
    if (refusal !== null)
      search.refusals.push({ job: settlement.job, error: refusal })
    else if (held)
      search.deferred.push(settlement)
    else
      free.push(settlement)
  }
  await halve(free)
  return search
}
