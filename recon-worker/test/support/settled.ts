import type { TestDatabase } from './database.ts'
import assert from 'node:assert/strict'

/** Returns the number of completed jobs. */
export async function settled(database: TestDatabase): Promise<number> {
  const [row] = await database.sql<{ n: number }>(`select count(*)::int as n from recon_jobs where status = 'completed'`)
  return row!.n
}

/** Makes `n` payments of 1.00, for one account or spread over 20. */
export function payments(n: number, accountId?: string): { accountId: string, amount: string }[] {
  return Array.from({ length: n }, (_, i) => ({ accountId: accountId ?? `ACC-${i % 20}`, amount: '1.00' }))
}

/** Asserts that `n` payments of 1.00 are settled, each in one attempt, and that none was posted twice or in part. */
export async function assertSettledOnce(database: TestDatabase, n: number): Promise<void> {
  assert.deepEqual(await database.sql(`
    select (select count(*)::int from recon_jobs where status = 'completed' and attempts = 1) as jobs,
           (select count(*)::int from payments where status = 'completed') as payments,
           (select count(*)::int from reconciliation_results) as results,
           (select count(*)::int from ledger_entries) as entries,
           (select coalesce(sum(balance), 0)::int from accounts where kind = 'customer') as customers,
           (select coalesce(sum(balance), 0)::int from accounts) as total`), [
    { jobs: n, payments: n, results: n, entries: 2 * n, customers: n, total: 0 },
  ])
}
