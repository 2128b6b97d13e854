import type pg from 'pg'
import type { BenchStack } from '../bench-stack.ts'
import { readFileSync } from 'node:fs'
import { connect } from '../bench-stack.ts'

/** Settlement accounts of a peer: more than it has connections, so that two of them rarely wait for one row. */
const SETTLEMENT_ACCOUNTS = 100
const SETTLEMENT = `'settlement:USD:' || pg_backend_pid() % ${SETTLEMENT_ACCOUNTS}`

/**
 * Creates a database for a peer in the same Postgres: our tables with their indexes and storage settings, without triggers,
 * checks and foreign keys. Nothing verifies a peer's SQL while it runs.
 */
export async function createPeerDatabase({ database, databaseUrl }: BenchStack, name: string, resources: AsyncDisposableStack): Promise<pg.Client> {
  await database.query(`create database ${name}`)
  const peer = await connect(databaseUrl(name), resources)
  await peer.query(readFileSync(new URL('../../../contracts/schema.sql', import.meta.url), 'utf8'))
  await peer.query(`
    do $$
    declare
      statement text;
    begin
      for statement in
        select format('alter table %s drop constraint %I', conrelid::regclass, conname)
          from pg_constraint where contype in ('c', 'f') and connamespace = 'public'::regnamespace and conrelid <> 0
        union all
        select format('drop trigger %I on %s', tgname, tgrelid::regclass) from pg_trigger where not tgisinternal
      loop
        execute statement;
      end loop;
    end $$`)
  await peer.query(`insert into accounts (id, currency, kind) select 'settlement:USD:' || n, 'USD', 'settlement' from generate_series(0, ${SETTLEMENT_ACCOUNTS} - 1) n`)
  return peer
}

/**
 * One statement that settles the payments of a batch that are still pending: the rules, the results, both entries with
 * running balances, the accounts. `ids` is a query that returns payment ids. Accounts are locked last and in id order, as
 * by our worker.
 */
export function postBatch(ids: string, before = ''): string {
  return `
  with ${before} payment as materialized (
    update payments p
       set status = case when p.amount > 0 then 'completed' else 'failed' end, updated_at = now()
      from (${ids}) job (id)
     where p.id = job.id and p.status = 'pending'
    returning p.id, p.account_id, p.currency, p.amount),
  result as (
    insert into reconciliation_results (payment_id, status, matched, discrepancy_amount)
    select id,
           case when amount <= 0 then 'failed' when amount % 1 = 0.13 then 'completed_with_discrepancy' else 'completed' end,
           amount > 0 and amount % 1 <> 0.13,
           case when amount > 0 and amount % 1 = 0.13 then 0.13 else 0.00 end
      from payment
    returning 1),
  leg as materialized (
    select payment.id, payment.currency, payment.amount, side.*
      from payment
     cross join lateral (values
       ('credit', payment.account_id, payment.amount),
       ('debit', ${SETTLEMENT}, -payment.amount)) side (entry_type, account_id, delta)
     where payment.amount > 0),
  account as materialized (
    select id, balance, version
      from accounts
     where id in (select account_id from leg)
       and (select count(*) from result) > 0
     order by id
       for no key update),
  moved as (
    update accounts a
       set balance = account.balance + total.delta, version = account.version + total.n, updated_at = now()
      from account
      join (select account_id, sum(delta) as delta, count(*) as n from leg group by account_id) total on total.account_id = account.id
     where a.id = account.id)
  insert into ledger_entries (payment_id, entry_type, account_id, currency, amount, balance_after, account_version)
  select leg.id, leg.entry_type, leg.account_id, leg.currency, leg.amount,
         account.balance + sum(leg.delta) over w, account.version + row_number() over w
    from leg
    join account on account.id = leg.account_id
  window w as (partition by leg.account_id order by leg.id)`
}

/** The same for the one payment `$1`, in the simplest statement for it: without a batch's locking, sums and numbering. */
export const POST_ONE = `
  with payment as (
    update payments
       set status = case when amount > 0 then 'completed' else 'failed' end, updated_at = now()
     where id = $1 and status = 'pending'
    returning id, account_id, currency, amount),
  result as (
    insert into reconciliation_results (payment_id, status, matched, discrepancy_amount)
    select id,
           case when amount <= 0 then 'failed' when amount % 1 = 0.13 then 'completed_with_discrepancy' else 'completed' end,
           amount > 0 and amount % 1 <> 0.13,
           case when amount > 0 and amount % 1 = 0.13 then 0.13 else 0.00 end
      from payment),
  customer as (
    update accounts a
       set balance = a.balance + payment.amount, version = a.version + 1, updated_at = now()
      from payment
     where a.id = payment.account_id and payment.amount > 0
    returning payment.id as payment_id, a.id, a.currency, payment.amount, a.balance, a.version),
  settlement as (
    update accounts a
       set balance = a.balance - customer.amount, version = a.version + 1, updated_at = now()
      from customer
     where a.id = ${SETTLEMENT}
    returning customer.payment_id, a.id, a.currency, customer.amount, a.balance, a.version)
  insert into ledger_entries (payment_id, entry_type, account_id, currency, amount, balance_after, account_version)
  select payment_id, 'credit', id, currency, amount, balance, version from customer
   union all
  select payment_id, 'debit', id, currency, amount, balance, version from settlement`
