import type { BenchStack } from '../bench-stack.ts'
import type { MeasureContext } from '../measure.ts'
import { ACCOUNT_PREFIX, openAccounts } from '../settlers/settler.ts'
import { waitUntil } from '../wait-until.ts'

export const ACCOUNTS = 1_000
const PAYMENTS_PER_INSERT = 100_000
const TIMEOUT_MS = 600_000

/**
 * Fills a system with settled payments on `accounts` of its 1,000 accounts: a tenth fails, a tenth has a discrepancy. The
 * system's worker settles them.
 */
export async function fillHistory({ database }: BenchStack, count: number, accounts: number, { progress, signal }: MeasureContext): Promise<void> {
  await openAccounts(database, ACCOUNTS)
  for (let done = 0; done < count; done += PAYMENTS_PER_INSERT) {
    progress(`settled payments: ${done.toLocaleString('en')} of ${count.toLocaleString('en')}`)
    await database.query(`
      with p as (
        insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
        select uuidv7(), 'bench', gen_random_uuid()::text, sha256('x'), '${ACCOUNT_PREFIX}' || n % $2::int, 'USD',
               case n % 10 when 0 then -5.00 when 1 then 42.13 else 12.50 end, 'Benchmark', now(), now()
          from generate_series(1, $1::int) n
        returning id)
      insert into recon_jobs (payment_id) select id from p`, [Math.min(PAYMENTS_PER_INSERT, count - done), accounts])
    await database.query('notify recon_jobs')
    const noneWaiting = async (): Promise<boolean> => (await database.query(`select from recon_jobs where status = 'pending' limit 1`)).rowCount === 0
    await waitUntil('the payments are settled', noneWaiting, TIMEOUT_MS, signal)
  }
  await database.query('vacuum analyze')
}
