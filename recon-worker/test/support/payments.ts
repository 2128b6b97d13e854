import type { TestDatabase } from './database.ts'
import { hash, randomUUID } from 'node:crypto'

export interface TestPayment {
  accountId?: string
  currency?: string
  amount: string
}

/** Accepts payments as the API does: opens the accounts and inserts each payment with its job. Returns the ids in order. */
export async function accept(database: TestDatabase, payments: TestPayment[]): Promise<string[]> {
  const now = Date.now()
  const time = now.toString(16).padStart(12, '0')
  const rows = payments.map(({ accountId = 'ACC-1', currency = 'USD', amount }) => ({
    id: `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`,
    requestHash: hash('sha256', JSON.stringify(['v1', accountId, BigInt(amount.replace('.', '')).toString(), currency, '']), 'buffer'),
    accountId,
    currency,
    amount,
  }))
  await database.sql(`
    select open_account(account_id, currency)
      from (select distinct on (account_id) * from unnest($1::text[], $2::text[]) a(account_id, currency)) a`, [
    rows.map(row => row.accountId),
    rows.map(row => row.currency),
  ])
  await database.sql(`
    with i as (select * from unnest($1::uuid[], $2::text[], $3::text[], $4::numeric[], $5::bytea[]) with ordinality as i(id, account_id, currency, amount, request_hash, n)),
    p as (
      insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
      select id, 'test', id::text, request_hash, account_id, currency, amount, '', $6, $6 from i)
    insert into recon_jobs (payment_id, run_at) select id, now() - interval '1 minute' + n * interval '1 microsecond' from i`, [
    rows.map(row => row.id),
    rows.map(row => row.accountId),
    rows.map(row => row.currency),
    rows.map(row => row.amount),
    rows.map(row => row.requestHash),
    new Date(now),
  ])
  return rows.map(row => row.id)
}
