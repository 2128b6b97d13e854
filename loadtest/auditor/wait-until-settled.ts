import type pg from 'pg'
import { setTimeout as delay } from 'node:timers/promises'
import { Refusal } from '../../compose/src/refusal.ts'

const TIMEOUT_MS = 120_000
const POLL_MS = 10

/** Waits until no job due by `dueBy`, a time on the database's clock, is pending. Throws a Refusal after 120 s. */
export async function waitUntilSettled(database: pg.Client, dueBy: string): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS
  for (let left = 1; left > 0; await delay(POLL_MS)) {
    left = await countDueJobs(database, dueBy)
    if (Date.now() > deadline)
      throw new Refusal(`${left} payments were not settled after ${TIMEOUT_MS / 1_000} s. See \`make status\`.`)
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
