import type { Knex } from 'knex'

/** The newest dead jobs that are examined: each is looked up with its payment. */
export const MAX_GROUPED = 3_000
const MAX_GROUPS = 50
const MAX_ACCOUNTS = 5

export interface DeadJobGroupRow {
  /** Every dead job has one. It may be empty. */
  last_error: string
  jobs: number
  /** The sums of the payments, by currency. */
  amounts: { currency: string, amount: string }[]
  accounts: number
  /** Some of the accounts, in order. */
  account_ids: string[]
  /** The newest payment or refund of the group. */
  newest: string
  /** The payment that it refunds; null for a payment. */
  newest_refund_of: string | null
}

/** The dead jobs of the newest payments by their last error, the largest group first. */
export async function groupDeadJobs(db: Knex): Promise<DeadJobGroupRow[]> {
  const { rows } = await db.raw<{ rows: DeadJobGroupRow[] }>(`
    with dead as materialized (
      select payment_id, last_error from recon_jobs where status = 'dead' order by payment_id desc limit ${MAX_GROUPED}),
    detailed as materialized (
      select d.payment_id, d.last_error, p.account_id, p.currency, p.amount
        from dead d
        join lateral (select account_id, currency, amount from payments where id = d.payment_id limit 1) p on true),
    summed as (
      select last_error, json_agg(json_build_object('currency', currency, 'amount', amount::text) order by currency) as amounts
        from (select last_error, currency, sum(amount) as amount from detailed group by last_error, currency) by_currency
       group by last_error)
    select g.last_error, g.jobs, s.amounts, cardinality(g.accounts) as accounts, g.accounts[1:${MAX_ACCOUNTS}] as account_ids, g.newest,
           (select refund_of from payments where id = g.newest::uuid) as newest_refund_of
      from (select last_error, count(*)::int as jobs, array_agg(distinct account_id::text) as accounts, max(payment_id::text) as newest
              from detailed
             group by last_error) g
      join summed s on s.last_error = g.last_error
     order by g.jobs desc, g.newest desc
     limit ${MAX_GROUPS}`)
  return rows
}
