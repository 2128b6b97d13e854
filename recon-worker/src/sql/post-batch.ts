import type { Knex } from 'knex'
import type { Reconciliation } from '../reconcile.ts'
import type { ClaimedJob } from './claim-jobs.ts'

export interface Settlement {
  job: ClaimedJob
  reconciliation: Reconciliation
}

/**
 * Settles claimed jobs in one statement: their results, the payments' statuses, the finished jobs, and for each payment
 * that completes both ledger entries with the running balances. What is posted is what the payments' own rows say: only
 * what the rules decided comes from here.
 *
 * The accounts are locked in one order, so batches of other workers cannot deadlock with this one, and FOR NO KEY
 * UPDATE, which no accept waits for. Counting what was written before is what makes the locks come last, and short:
 * Postgres would run the writes that nobody reads after them, and 2 to 4 workers settle 9 to 12 % fewer payments.
 * They are looked up from the end of the index, where the newest version of a row usually is: while an old snapshot keeps
 * all versions, a lookup from the front walks over each (1.32 times the rate, with the trigger's lookup). And by between, not
 * by =, with which the planner would drop the order. Any other place only costs time.
 * The entries' trigger proves each posting and moves the balances.
 * An account that does not exist makes balance_after null, which its column refuses: the left join is what notices.
 */
export async function postBatch(trx: Knex, settlements: Settlement[], workerId: string): Promise<void> {
  await trx.raw(`
    with decided as materialized (
      select * from unnest(?::uuid[], ?::text[], ?::numeric[], ?::text[])
        with ordinality as decided(id, outcome, discrepancy_amount, notes, n)),
    result as (
      insert into reconciliation_results (payment_id, status, matched, discrepancy_amount, notes)
      select id, outcome, outcome = 'completed', discrepancy_amount, notes from decided
      returning 1),
    job as (
      update recon_jobs j
         set status = 'completed', attempts = j.attempts + 1, locked_by = ?, locked_at = now(), finished_at = now()
        from decided
       where j.payment_id = decided.id
      returning 1),
    payment as (
      update payments p
         set status = case decided.outcome when 'failed' then 'failed' else 'completed' end, updated_at = now()
        from decided
       where p.id = decided.id
      returning p.id, p.account_id, p.currency, p.amount, decided.outcome, decided.n),
    leg as materialized (
      select id, n, currency, amount, 'credit' as entry_type, account_id, amount as delta
        from payment
       where outcome <> 'failed'
       union all
      select id, n, currency, amount, 'debit', 'settlement:' || currency || ':' || pg_backend_pid() % 8, -amount
        from payment
       where outcome <> 'failed'),
    account as materialized (
      select locked.*
        from (select distinct account_id as id
                from leg
               where (select count(*) from result) + (select count(*) from job) > 0
               order by 1) posted
       cross join lateral (
         select a.id, a.balance, a.version
           from accounts a
          where a.id between posted.id and posted.id
          order by a.id desc
          limit 1
            for no key update) locked)
    insert into ledger_entries (payment_id, entry_type, account_id, currency, amount, balance_after, account_version)
    select leg.id, leg.entry_type, leg.account_id, leg.currency, leg.amount,
           account.balance + sum(leg.delta) over w, coalesce(account.version, 0) + row_number() over w
      from leg
      left join account on account.id = leg.account_id
    window w as (partition by leg.account_id order by leg.n rows unbounded preceding)`, [
    settlements.map(({ job }) => job.paymentId),
    settlements.map(({ reconciliation }) => reconciliation.status),
    settlements.map(({ reconciliation }) => reconciliation.discrepancyAmount),
    settlements.map(({ reconciliation }) => reconciliation.notes) as string[], // Knex's types know no nulls in arrays
    workerId,
  ]).options({ name: 'post-batch' })
}
