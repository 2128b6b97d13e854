import type { TestDatabase } from './database.ts'

/** Settles everything that is pending, oldest first, by the worker's rules and as a worker leaves it: results, which post, and finished jobs. */
export async function settleAll(database: TestDatabase): Promise<void> {
  await database.sql(`
    with settled as (
      insert into reconciliation_results (payment_id, status, matched, discrepancy_amount, notes)
      select id, result, result = 'completed', case when result = 'completed_with_discrepancy' then round(0.13, scale(amount)) else round(0, scale(amount)) end,
             case when result <> 'completed' then 'as the rules say' end
        from (select id, amount, case when amount <= 0 then 'failed' when scale(amount) >= 2 and trunc(amount % 1, 2) = 0.13 and amount % 0.01 = 0 then 'completed_with_discrepancy' else 'completed' end as result
                from payments
               where status = 'pending'
               order by id) pending
      returning payment_id)
    update recon_jobs j
       set status = 'completed', attempts = 1, locked_by = 'worker-1', locked_at = now(), finished_at = now()
      from settled
     where j.payment_id = settled.payment_id`)
}
