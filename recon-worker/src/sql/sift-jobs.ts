import type { Knex } from 'knex'
import { REFUSAL_BY_STATUS } from '../reconcile.ts'

export interface SiftedJob {
  paymentId: string
  /** Why the database would refuse the job; null if no cause is known. */
  refusal: string | null
  /** Another transaction has locked the job's account or its settlement account. Meaningful only with `skipHeld`, and if `refusal` is null. */
  held: boolean
}

/**
 * Locks all accounts of a batch, in the same order as postBatch, and finds the jobs that the database would refuse for a known
 * cause. Later posts of parts of the batch then wait for no lock, so they cannot deadlock with other batches.
 *
 * `posted` is false for a payment that failed the rules and so needs no account. With `skipHeld`, the statement does not wait for
 * locked accounts, and reports their jobs as held.
 */
export async function siftJobs(trx: Knex.Transaction, jobs: { paymentId: string, posted: boolean }[], { skipHeld }: { skipHeld: boolean }): Promise<SiftedJob[]> {
  const { rows } = await trx.raw<{ rows: SiftedJob[] }>(`
    with batch as materialized (
      select p.id, p.status, p.account_id, p.currency, job.posted, job.n,
             'settlement:' || p.currency || ':' || pg_backend_pid() % 8 as settlement_id
        from unnest(?::uuid[], ?::boolean[]) with ordinality job(id, posted, n)
        join payments p on p.id = job.id),
    locked as materialized (
      select found.*
        from (select account_id as id from batch where posted
               union
              select settlement_id from batch where posted
               order by 1) wanted
       cross join lateral (
         select a.id
           from accounts a
          where a.id between wanted.id and wanted.id
          order by a.id desc
          limit 1
            for no key update ${skipHeld ? 'skip locked' : ''}) found)
    select batch.id as "paymentId",
           case
             when exists (select from reconciliation_results r where r.payment_id = batch.id)
               then 'the payment already has a result'
             when batch.status <> 'pending'
               then coalesce(?::jsonb ->> batch.status, format('the payment has the unknown status "%s"', batch.status))
             when not batch.posted
               then null
             when account.id is null
               then format('account "%s" does not exist', batch.account_id)
             when account.currency <> batch.currency
               then format('the payment is in %s, but account "%s" is in %s', batch.currency, batch.account_id, account.currency)
             when account.kind <> 'customer'
               then format('account "%s" is not a customer''s', batch.account_id)
             when settlement.id is null
               then format('settlement account "%s" does not exist', batch.settlement_id)
             when exists (select from ledger_entries e where e.payment_id = batch.id)
               then 'the payment is already posted'
           end as refusal,
           batch.posted and not (exists (select from locked where locked.id = batch.account_id)
                                 and exists (select from locked where locked.id = batch.settlement_id)) as held
      from batch
      left join accounts account on account.id = batch.account_id
      left join accounts settlement on settlement.id = batch.settlement_id
     order by batch.n`, [
    jobs.map(({ paymentId }) => paymentId),
    jobs.map(({ posted }) => posted),
    JSON.stringify(REFUSAL_BY_STATUS),
  ])
  return rows
}
