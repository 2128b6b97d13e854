import type { Knex } from 'knex'
import type { Reconciliation } from '../reconcile.ts'
import type { ClaimedJob } from './claim-jobs.ts'

export interface Settlement {
  job: ClaimedJob
  reconciliation: Reconciliation
}

/**
 * Settles claimed jobs in one statement, which inserts their results and finishes the jobs. A trigger on the results then sets
 * the payments' status and posts them to the ledger, from the payments' own rows (migration 0014). Naming the trigger's function
 * makes the statement fail (42883) on an older schema, where it would insert results and post nothing.
 */
export async function postBatch(trx: Knex, settlements: Settlement[], workerId: string): Promise<void> {
  await trx.raw(`
    with decided as materialized (
      select * from unnest(?::uuid[], ?::text[], ?::numeric[], ?::text[]) as decided(id, outcome, discrepancy_amount, notes)
       where 'post_results()'::regprocedure is not null),
    job as (
      update recon_jobs j
         set status = 'completed', attempts = j.attempts + 1, locked_by = ?, locked_at = now(), finished_at = now()
        from decided
       where j.payment_id = decided.id)
    insert into reconciliation_results (payment_id, status, matched, discrepancy_amount, notes)
    select id, outcome, outcome = 'completed', discrepancy_amount, notes from decided`, [
    ...columns(settlements),
    workerId,
  ]).options({ name: 'post-batch' })
}

/** Longest time to post jobs one by one. */
const ONE_BY_ONE_MS = 200

/**
 * Settles claimed jobs one by one, in one statement. Returns the jobs that did not settle: refused jobs with their error, and jobs
 * that it had no time for without one. At least one job is settled or refused.
 */
export async function postOneByOne(trx: Knex, settlements: Settlement[], workerId: string): Promise<{ paymentId: string, error: string | null }[]> {
  const { rows } = await trx.raw<{ rows: { paymentId: string, error: string | null }[] }>(
    `select payment_id as "paymentId", error from settle_one_by_one(?::uuid[], ?::text[], ?::numeric[], ?::text[], ?, ?)`,
    [...columns(settlements), workerId, ONE_BY_ONE_MS],
  )
  return rows
}

function columns(settlements: Settlement[]): [string[], string[], string[], string[]] {
  return [
    settlements.map(({ job }) => job.paymentId),
    settlements.map(({ reconciliation }) => reconciliation.resultStatus),
    settlements.map(({ reconciliation }) => reconciliation.discrepancyAmount),
    settlements.map(({ reconciliation }) => reconciliation.notes) as string[], // Knex's types know no nulls in arrays
  ]
}
