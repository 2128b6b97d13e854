import type { Bench } from '../with-stack.ts'
import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 50
const DRAIN_DEADLINE_MS = 600_000
/** Payments of one statement that fills the queue. */
const CHUNK = 100_000
/** As if that many a second had been accepted: run_at differs from job to job, as it does in life. */
const ACCEPTED_PER_SECOND = 10_000

/** Accepts payments of 12.50 as the API does, each with its job, over `accounts` accounts. */
export async function accept(database: Bench['database'], payments: number, accounts: number): Promise<void> {
  await database.query(`select open_account('BENCH-' || n, 'USD') from generate_series(0, $1::int - 1) n`, [accounts])
  for (let done = 0; done < payments; done += CHUNK) {
    await database.query(`
      with i as materialized (
        select uuidv7() as id, n from generate_series(1, $1::int) n),
      p as (
        insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
        select id, 'bench', id::text, sha256('x'), 'BENCH-' || n % $2::int, 'USD', 12.50, 'Benchmark', now(), now() from i)
      insert into recon_jobs (payment_id, run_at)
      select id, now() - ($1::int - n) * interval '1 second' / ${ACCEPTED_PER_SECOND} from i`, [Math.min(CHUNK, payments - done), accounts])
  }
  await database.query('analyze payments, recon_jobs')
}

/** Accepts as many as are missing for `payments` to wait. */
export async function topUp(database: Bench['database'], payments: number, accounts: number): Promise<void> {
  const { rows } = await database.query<{ n: number }>(`select count(*)::int as n from recon_jobs where status = 'pending'`)
  await accept(database, Math.max(payments - rows[0]!.n, 0), accounts)
}

/** Stops `workers` workers in mid-air, so that a backlog can be made. Answers what lets them go. */
export async function paused({ stack, database }: Bench, workers = 1): Promise<() => Promise<void>> {
  const names = Array.from({ length: workers }, (_, i) => `worker-${i + 1}`)
  names.forEach(worker => stack.pause(worker))
  return async () => {
    names.forEach(worker => stack.resume(worker))
    await database.query('notify recon_jobs')
  }
}

/** Waits until nothing waits. */
export async function drained(database: Bench['database']): Promise<void> {
  const startedAt = performance.now()
  while ((await database.query(`select from recon_jobs where status = 'pending' limit 1`)).rows.length > 0) {
    if (performance.now() - startedAt > DRAIN_DEADLINE_MS)
      throw new Error('the backlog was not drained in time')
    await delay(POLL_MS)
  }
}

/** The database's clock. */
export async function databaseNow(database: Bench['database']): Promise<Date> {
  return (await database.query<{ now: Date }>('select clock_timestamp() as now')).rows[0]!.now
}

/**
 * Payments settled a second since then, by the database's own times: finished_at is when a batch began, so all batches
 * but the last one were done between the first finished_at and the last.
 */
export async function settledPerSecond(database: Bench['database'], since: Date): Promise<number> {
  const { rows } = await database.query<{ rate: number | null }>(`
    with batch as (select finished_at, count(*) as jobs from recon_jobs where finished_at > $1 group by finished_at)
    select ((sum(jobs) - (array_agg(jobs order by finished_at desc))[1])
            / nullif(extract(epoch from max(finished_at) - min(finished_at)), 0))::float as rate
      from batch`, [since])
  const rate = rows[0]?.rate
  if (rate == null)
    throw new Error('fewer than two batches were settled: nothing to measure')
  return rate
}

/** Bytes of write-ahead log written so far. */
export async function wal(database: Bench['database']): Promise<number> {
  const { rows } = await database.query<{ bytes: string }>(`select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as bytes`)
  return Number(rows[0]!.bytes)
}
