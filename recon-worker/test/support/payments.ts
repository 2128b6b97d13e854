import type { TestDatabase } from './database.ts'
import { randomUUID } from 'node:crypto'

export interface TestPayment {
  accountId?: string
  currency?: string
  amount: string
}

/** Accepts payments as the API does: accounts opened, each payment with its job. Answers their ids, in order. */
export async function accept(database: TestDatabase, payments: TestPayment[]): Promise<string[]> {
  const rows = payments.map(({ accountId = 'ACC-1', currency = 'USD', amount }) => ({
    id: randomUUID(),
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
    with i as (select * from unnest($1::uuid[], $2::text[], $3::text[], $4::numeric[]) with ordinality as i(id, account_id, currency, amount, n)),
    p as (
      insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
      select id, 'test', id::text, sha256(id::text::bytea), account_id, currency, amount, '', now(), now() from i)
    insert into recon_jobs (payment_id, run_at) select id, now() - interval '1 minute' + n * interval '1 microsecond' from i`, [
    rows.map(row => row.id),
    rows.map(row => row.accountId),
    rows.map(row => row.currency),
    rows.map(row => row.amount),
  ])
  return rows.map(row => row.id)
}
