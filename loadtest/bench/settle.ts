// Settled payments a second: the real worker draining a backlog.
//   node loadtest/bench/settle.ts        ROUNDS=3 PAYMENTS=100000
import type { Bench } from './with-stack.ts'
import { setTimeout as delay } from 'node:timers/promises'
import { median, setting, withStack } from './with-stack.ts'

const rounds = setting('ROUNDS', 3)
const payments = setting('PAYMENTS', 100_000)
const POLL_MS = 20
const DEADLINE_MS = 300_000

const cases = [
  { name: '1 worker, 1,000 accounts', workers: 1, accounts: 1_000 },
  { name: '4 workers, 1,000 accounts', workers: 4, accounts: 1_000 },
  { name: '1 worker, one account', workers: 1, accounts: 1 },
] as const

await withStack(async ({ stack, database }) => {
  const rates = new Map<string, number[]>(cases.map(({ name }) => [name, []]))
  let walBytes = 0
  for (let round = 1; round <= rounds; round++) {
    for (const { name, workers, accounts } of cases) {
      await stack.scale(workers)
      const names = Array.from({ length: workers }, (_, i) => `worker-${i + 1}`)
      names.forEach(worker => stack.pause(worker))
      await accept(database, accounts)
      const before = await wal(database)
      names.forEach(worker => stack.resume(worker))
      await database.query('notify recon_jobs')
      const perSecond = await drain(database)
      rates.get(name)!.push(perSecond)
      walBytes = (await wal(database) - before) / payments
      console.log(`round ${round}  ${name.padEnd(26)} ${perSecond.toFixed(0).padStart(7)}/s   ${walBytes.toFixed(0)} WAL bytes a payment`)
    }
  }
  const [one, four, hot] = cases.map(({ name }) => median(rates.get(name)!)) as [number, number, number]
  console.log(`\nmedian of ${rounds}: ${one.toFixed(0)}/s; 4 workers to 1: ${(four / one).toFixed(2)}; one account to 1,000: ${(hot / one).toFixed(2)}`)
  const { rows: [hotUpdates] } = await database.query<{ share: string }>(`select round(n_tup_hot_upd::numeric / n_tup_upd, 3) as share from pg_stat_user_tables where relname = 'payments'`)
  console.log(`HOT share of payments' updates: ${hotUpdates?.share}`)
})

/** Accepts payments as the API does, but in one statement. */
async function accept(database: Bench['database'], accounts: number): Promise<void> {
  await database.query(`select open_account('BENCH-' || n, 'USD') from generate_series(0, $1::int - 1) n`, [accounts])
  await database.query(`
    with p as (
      insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
      select uuidv7(), 'bench', gen_random_uuid()::text, sha256('x'), 'BENCH-' || n % $2::int, 'USD', 12.50, 'Benchmark', now(), now()
        from generate_series(1, $1::int) n
      returning id)
    insert into recon_jobs (payment_id) select id from p`, [payments, accounts])
  await database.query('analyze payments, recon_jobs')
}

/** Waits until nothing is pending; answers the rate by the database's own times, from the first to the last batch. */
async function drain(database: Bench['database']): Promise<number> {
  const startedAt = performance.now()
  while (true) {
    const { rows } = await database.query(`select from recon_jobs where status = 'pending' limit 1`)
    if (rows.length === 0)
      return payments / ((performance.now() - startedAt) / 1_000)
    if (performance.now() - startedAt > DEADLINE_MS)
      throw new Error('the backlog was not drained in time')
    await delay(POLL_MS)
  }
}

async function wal(database: Bench['database']): Promise<number> {
  const { rows } = await database.query<{ bytes: string }>(`select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as bytes`)
  return Number(rows[0]!.bytes)
}
