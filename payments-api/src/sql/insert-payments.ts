import type { Knex } from 'knex'
import type { KeyHolder } from '../domain/create-payment.ts'
import type { NewPayment } from '../domain/payment.ts'
import { findPaymentsByKey } from './find-payments-by-key.ts'

/**
 * Writes payments with their jobs in one autocommitted statement: when it has answered, all of them are durable.
 * Answers, in the order given, who holds each idempotency key: the payment itself (same id) or the one that was first.
 *
 * Never within a transaction: a holder that committed meanwhile is only visible to a statement of its own, and a
 * process that stops between BEGIN and COMMIT would hold its keys against all others.
 * Keys are inserted in one order by everybody, so that two batches with the same keys cannot deadlock.
 */
export async function insertPayments(db: Knex, payments: NewPayment[]): Promise<KeyHolder[]> {
  const { rows } = await db.raw<{ rows: { id: string }[] }>(`
    with i as materialized (
      select * from unnest(?::uuid[], ?::text[], ?::text[], ?::bytea[], ?::text[], ?::numeric[], ?::text[], ?::text[], ?::timestamptz[], ?::text[])
        with ordinality as i(id, caller, idempotency_key, request_hash, account_id, amount, currency, description, created_at, traceparent, n)),
    p as (
      insert into payments (id, caller, idempotency_key, request_hash, account_id, amount, currency, description, created_at, updated_at)
      select id, caller, idempotency_key, request_hash, account_id, amount, currency, description, created_at, created_at
        from i
       order by caller, idempotency_key, n
          on conflict (caller, idempotency_key) do nothing
      returning id),
    j as (
      insert into recon_jobs (payment_id, traceparent)
      select p.id, i.traceparent from p join i on i.id = p.id)
    select id from p`, [
    payments.map(payment => payment.id),
    payments.map(payment => payment.caller),
    payments.map(payment => payment.idempotencyKey),
    payments.map(payment => payment.requestHash),
    payments.map(payment => payment.accountId),
    payments.map(payment => payment.amount),
    payments.map(payment => payment.currency),
    payments.map(payment => payment.description),
    payments.map(payment => payment.createdAt.toISOString()),
    payments.map(payment => payment.traceparent) as string[], // Knex's types know no nulls in arrays
  ]).options({ name: 'insert-payments' })

  const created = new Set(rows.map(row => row.id))
  const holders = await findPaymentsByKey(db, payments.filter(payment => !created.has(payment.id)))
  return payments.map((payment) => {
    const holder = created.has(payment.id) ? payment : holders.find(payment)
    if (!holder)
      throw new Error(`nobody holds the idempotency key of payment ${payment.id}, yet it was not inserted`)
    return holder
  })
}
