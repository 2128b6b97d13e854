import type pg from 'pg'
import { setTimeout as delay } from 'node:timers/promises'
import { Refusal } from '../../compose/src/refusal.ts'
import { keyRange } from './key-range.ts'

const TIMEOUT_MS = 120_000
const POLL_MS = 10
/** A run may have tens of thousands of payments to count. */
const RUN_POLL_MS = 100

/**
 * Waits until no job is pending or, with `dueBy`, none that was due at that time of the database's clock. Without `dueBy` it also
 * waits for jobs that workers postponed: those of a batch that failed, or of one that ran out of time. Throws a Refusal after
 * `timeoutMs`, 120 s by default.
 */
export async function waitUntilSettled(database: pg.Client, dueBy = 'infinity', timeoutMs = TIMEOUT_MS): Promise<void> {
  const left = await waitUntilNone(() => countDueJobs(database, dueBy), { timeoutMs, pollMs: POLL_MS })
  if (left > 0)
    throw new Refusal(`${left} payments were not settled after ${timeoutMs / 1_000} s. See \`make status\`.`)
}

/** Waits until every payment is settled whose key begins with the run's id. Throws a Refusal after `timeoutMs`. */
export async function waitUntilRunSettled(database: pg.Client, runId: string, timeoutMs: number): Promise<void> {
  const left = await waitUntilNone(() => countPendingPayments(database, runId), { timeoutMs, pollMs: RUN_POLL_MS })
  if (left > 0)
    throw new Refusal(`${left} payments were not settled after ${timeoutMs / 1_000} s`)
}

/** Counts until there is none. Returns how many are left after `timeoutMs`. */
async function waitUntilNone(count: () => Promise<number>, { timeoutMs, pollMs }: { timeoutMs: number, pollMs: number }): Promise<number> {
  const deadline = Date.now() + timeoutMs
  while (true) {
    const left = await count()
    if (left === 0 || Date.now() > deadline)
      return left
    await delay(pollMs)
  }
}

/** The time on the database's clock, as Postgres writes it. */
export async function databaseTime(database: pg.Client): Promise<string> {
  const { rows } = await database.query<{ now: string }>('select clock_timestamp()::text as now')
  return rows[0]!.now
}

/** Counts the pending jobs due by `dueBy`. */
export async function countDueJobs(database: pg.Client, dueBy: string): Promise<number> {
  const { rows } = await database.query<{ n: number }>(`select count(*)::int as n from recon_jobs where status = 'pending' and run_at <= $1`, [dueBy])
  return rows[0]!.n
}

async function countPendingPayments(database: pg.Client, runId: string): Promise<number> {
  const { rows } = await database.query<{ n: number }>(`select count(*)::int as n from payments where caller = 'anonymous' and idempotency_key > $1 and idempotency_key < $2 and status = 'pending'`, keyRange(runId))
  return rows[0]!.n
}
