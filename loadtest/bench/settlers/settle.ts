import type pg from 'pg'
import type { Figures } from '../measure.ts'
import type { Settler } from './settler.ts'
import { until } from '../until.ts'
import { cpuSeconds, peakMemoryMb, privateMemoryMb, resetPeakMemory } from '../usage.ts'
import { settledPayments, verify } from './settler.ts'

const MEMORY_EVERY_POLLS = 10
const DEADLINE_MS = 600_000
const STATISTICS_DEADLINE_MS = 20_000

export interface SettleOptions {
  payments: number
  accounts: number
  /** The process of Postgres whose children serve it all. */
  postmaster: number
  signal: AbortSignal
}

/**
 * Lets a settler, which is stopped, settle that many payments more, and stops it again. With `drain` it has to end with
 * nothing left to do, else many more may be waiting.
 */
export async function settle(settler: Settler, { payments, accounts, postmaster, signal }: SettleOptions, drain = true): Promise<Figures> {
  const { database, pids } = settler
  // What earlier runs left behind is cleaned up before; no vacuum and no checkpoint of theirs falls into this one.
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
    const { settled, perSecond, postgresMb } = await watch(database, { atLeast: payments, settledBefore, postmaster, signal })
    figures = {
      'settled/s': perSecond,
      'bytes of WAL each': (await walBytes(database) - walBefore) / settled,
      'us of CPU each, worker': (cpuSeconds(pids) - workerBefore) * 1e6 / settled,
      'us of CPU each, Postgres': (cpuSeconds([postmaster]) - postgresBefore) * 1e6 / settled,
      'MB at most, worker': peakMemoryMb(pids),
      'MB at most, Postgres beside its buffers': postgresMb,
      'HOT share of the payments\' updates': await hotShare(database),
    }
    if (drain)
      await until('nothing is waiting', async () => await settler.waiting() === 0, DEADLINE_MS, signal)
  }
  finally {
    signalAll(pids, 'SIGSTOP')
  }
  await verify(database)
  return figures
}

/** Waits until so many are settled. The rate counts from the first that are seen, so that waking up does not matter. */
async function watch(database: pg.Client, { atLeast, settledBefore, postmaster, signal }: { atLeast: number, settledBefore: number, postmaster: number, signal: AbortSignal }): Promise<{ settled: number, perSecond: number, postgresMb: number }> {
  let first = { at: performance.now(), settled: 0 }
  let settled = 0
  let postgresMb = 0
  let polls = 0
  await until(`${atLeast} payments are settled`, async () => {
    settled = await settledPayments(database) - settledBefore
    if (first.settled === 0 && settled < atLeast)
      first = { at: performance.now(), settled }
    if (polls++ % MEMORY_EVERY_POLLS === 0)
      postgresMb = Math.max(postgresMb, privateMemoryMb(postmaster))
    return settled >= atLeast
  }, DEADLINE_MS, signal)
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

/** Of all updates of payments so far, those that touched no index. Backends tell of what they did some seconds later. */
async function hotShare(database: pg.Client): Promise<number> {
  let share = Number.NaN
  await until('Postgres has counted updates', async () => {
    const { rows } = await database.query<{ share: string | null }>(`select n_tup_hot_upd::numeric / nullif(n_tup_upd, 0) as share from pg_stat_user_tables where relname = 'payments'`)
    share = Number(rows[0]?.share ?? Number.NaN)
    return !Number.isNaN(share)
  }, STATISTICS_DEADLINE_MS, new AbortController().signal)
  return share
}
