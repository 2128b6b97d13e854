import type { Knex } from 'knex'

export interface ClaimedJob {
  paymentId: string
  /** Decimal string with all decimals of the currency. */
  amount: string
  runAt: Date
  attempts: number
}

/**
 * Advisory locks for the batches in hand, as many as are worth having at once. On two processors a second batch settles
 * 1.5 times as much, whichever worker has it; a third and fourth only wait for the accounts of the first two.
 */
const PLACES = [8_115_001, 8_115_002]
/**
 * Held, shared, by the batches that go on without a place. A batch beside tries it in exclusive mode, to learn whether
 * anybody holds it, and releases it at once: held for its transaction, it would keep later ones from being counted. An own
 * batch that tries for its share in that very instant goes on uncounted: for the length of a batch there may be one more in hand.
 */
const NO_PLACE = 8_115_003

const TAKE_PLACE = PLACES.map(place => `pg_try_advisory_xact_lock(${place})`).join(' or ')
/** Always true; "or true" would let the planner leave out the rest. */
const TAKE_PLACE_OR_NONE = `(${TAKE_PLACE} or pg_try_advisory_xact_lock_shared(${NO_PLACE})) is not null`
const TAKE_PLACE_IF_ALL_HAVE_ONE = `pg_try_advisory_lock(${NO_PLACE}) and pg_advisory_unlock(${NO_PLACE}) and (${TAKE_PLACE})`

/**
 * Takes up to `limit` jobs that are due, oldest first, skipping those that other workers hold. The row locks are the
 * claim: they last until the transaction ends, however it ends.
 *
 * `since` is a low-water mark: jobs due before it are left out, and with them the dead index entries of jobs that are
 * finished but still visible to an old snapshot. Without it, one idle reader slows every claim further and further.
 *
 * Each batch takes one of two places if one is free. A worker's own batch goes on without; one `beside` takes no jobs then,
 * nor while any batch goes on without: a worker that is alone has two batches in hand, several have one each. By the
 * places alone, a batch beside that got one in a gap kept it for long, and several workers settled 3 to 4 % less.
 *
 * The limit is a literal, so that the planner knows it. The claim is materialized, so that the planner can never run it twice or join before it locks.
 */
export async function claimJobs(trx: Knex.Transaction, { limit, since, beside = false }: { limit: number, since: Date | '-infinity', beside?: boolean }): Promise<ClaimedJob[]> {
  const { rows } = await trx.raw<{ rows: ClaimedJob[] }>(`
    with place as materialized (
      select ${beside ? TAKE_PLACE_IF_ALL_HAVE_ONE : TAKE_PLACE_OR_NONE} as goes_on),
    job as materialized (
      select payment_id, run_at, attempts
        from recon_jobs
       where status = 'pending' and run_at <= now() and run_at >= ? and (select goes_on from place)
       order by run_at, payment_id
       limit ${limit}
         for update skip locked)
    select job.payment_id as "paymentId", p.amount, job.run_at as "runAt", job.attempts
      from job
      join payments p on p.id = job.payment_id
     order by job.run_at, job.payment_id`, [since]).options({ name: `claim-${limit}-jobs${beside ? '-beside' : ''}` })
  return rows
}
