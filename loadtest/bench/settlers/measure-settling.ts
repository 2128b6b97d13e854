import type pg from 'pg'
import type { Figures } from '../measure.ts'
import type { Settler } from './settler.ts'
import { cpuSeconds, peakMemoryMb, privateMemoryMb, resetPeakMemory } from '../process-usage.ts'
import { waitUntil } from '../wait-until.ts'
import { settledPayments, verify } from './settler.ts'

/** Names of figures that goals refer to. */
export const WAL_BYTES = 'WAL bytes per payment'
export const HOT_SHARE = 'HOT share of payment updates'

const POLLS_PER_MEMORY_SAMPLE = 10
const TIMEOUT_MS = 600_000
const STATISTICS_TIMEOUT_MS = 20_000

interface SettlingOptions {
  payments: number
  accounts: number
  /** The process id of the Postgres main process. */
  postmaster: number
  signal: AbortSignal
}

/**
 * Adds payments, resumes a stopped settler until it has settled that many, and stops it again. With `drain` it also waits
 * until the settler has nothing left to do; without, more payments may be waiting.
 */
export async function measureSettling(settler: Settler, { payments, accounts, postmaster, signal }: SettlingOptions, drain = true): Promise<Figures> {
  const { database, pids } = settler
  // Clean up after earlier runs, so that no vacuum or checkpoint for them falls into this one.
  await database.query('alter system set autovacuum = off')
  await database.query('select pg_reload_conf()')
  await database.query('vacuum analyze')
  await database.query('checkpoint')
  await settler.accept(payments, accounts)
  await database.query('analyze')

  const settledBefore = await settledPayments(database)
  const walBefore = await walBytes(database)
  const [workerBefore, postgresBefore] = [cpuSeconds(pids), cpuSeconds([postmaster])]
  resetPeakMemory(pids)
  signalAll(pids, 'SIGCONT')
  let figures: Figures
  try {
    const { settled, perSecond, postgresMb } = await untilSettled(database, { atLeast: payments, settledBefore, postmaster, signal })
    figures = {
      'settled/s': perSecond,
      [WAL_BYTES]: (await walBytes(database) - walBefore) / settled,
      'CPU us per payment, worker': (cpuSeconds(pids) - workerBefore) * 1e6 / settled,
      'CPU us per payment, Postgres': (cpuSeconds([postmaster]) - postgresBefore) * 1e6 / settled,
      'peak MB, worker': peakMemoryMb(pids),
      'peak MB, Postgres without shared buffers': postgresMb,
      [HOT_SHARE]: await hotShare(database),
    }
    if (drain)
      await waitUntil('no payment is waiting', async () => await settler.waiting() === 0, TIMEOUT_MS, signal)
  }
  finally {
    signalAll(pids, 'SIGSTOP')
  }
  await verify(database)
  return figures
}

/** Waits until `atLeast` payments are settled. The rate counts from the first settled payments, so it excludes the wake-up. */
async function untilSettled(database: pg.Client, { atLeast, settledBefore, postmaster, signal }: { atLeast: number, settledBefore: number, postmaster: number, signal: AbortSignal }): Promise<{ settled: number, perSecond: number, postgresMb: number }> {
  let first = { at: performance.now(), settled: 0 }
  let settled = 0
  let postgresMb = 0
  let polls = 0
  await waitUntil(`${atLeast} payments are settled`, async () => {
    settled = await settledPayments(database) - settledBefore
    if (first.settled === 0 && settled < atLeast)
      first = { at: performance.now(), settled }
    if (polls++ % POLLS_PER_MEMORY_SAMPLE === 0)
      postgresMb = Math.max(postgresMb, privateMemoryMb(postmaster))
    return settled >= atLeast
  }, TIMEOUT_MS, signal)
  const seconds = (performance.now() - first.at) / 1_000
  return { settled, perSecond: (settled - first.settled) / seconds, postgresMb }
}

export function signalAll(pids: number[], name: 'SIGSTOP' | 'SIGCONT'): void {
  for (const pid of pids)
    process.kill(pid, name)
}

async function walBytes(database: pg.Client): Promise<number> {
  const { rows } = await database.query<{ bytes: string }>(`select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as bytes`)
  return Number(rows[0]!.bytes)
}

/** The share of all updates to payments so far that touched no index. Backends report their statistics seconds later. */
async function hotShare(database: pg.Client): Promise<number> {
  let share = Number.NaN
  await waitUntil('Postgres reports updates of payments', async () => {
    const { rows } = await database.query<{ share: string | null }>(`select n_tup_hot_upd::numeric / nullif(n_tup_upd, 0) as share from pg_stat_user_tables where relname = 'payments'`)
    share = Number(rows[0]?.share ?? Number.NaN)
    return !Number.isNaN(share)
  }, STATISTICS_TIMEOUT_MS, new AbortController().signal)
  return share
}
