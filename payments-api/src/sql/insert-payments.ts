import type { Knex } from 'knex'
import type { NewPayment } from '../domain/payment.ts'
import { DURABLE_COMMIT } from './session.ts'

/**
 * Writes payments with their jobs in one autocommitted statement, except payments whose idempotency key is taken. Returns the
 * ids of the written payments once all are durable. With `openAccounts` the same statement opens their accounts; if one of
 * these already holds another currency, nothing is written and the result is `other-currency`.
 *
 * Never call it inside a transaction: a process that stops between BEGIN and COMMIT would block other requests with its keys.
 * All processes insert keys in the same order, so two batches with the same keys cannot deadlock.
 */
export async function insertPayments(db: Knex, payments: NewPayment[], openAccounts: boolean): Promise<Set<string> | 'other-currency'> {
  try {
    const { rows } = await db.raw<{ rows: { created: string[] | null }[] }>(`
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
      select array_agg(id) as created, case when ?::boolean then open_accounts_of(array_agg(id)) end, ${DURABLE_COMMIT} from p`, [
      payments.map(payment => payment.id),
      payments.map(payment => payment.caller),
      payments.map(payment => payment.idempotencyKey),
      payments.map(payment => payment.requestHash),
      payments.map(payment => payment.accountId),
      payments.map(payment => payment.amount),
      payments.map(payment => payment.currency),
      payments.map(payment => payment.description),
      payments.map(payment => payment.createdAt.toISOString()),
      payments.map(payment => payment.traceparent) as string[], // Knex's types do not allow nulls in arrays
      openAccounts,
    ]).options({ name: 'insert-payments' })
    return new Set(rows[0]!.created)
  }
  catch (error) {
    if (error instanceof Error && 'constraint' in error && error.constraint === 'accounts_one_currency')
      return 'other-currency'
    throw error
  }
}
