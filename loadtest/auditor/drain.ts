import type pg from 'pg'
import type { Stack } from '../../compose/src/stack.ts'
import { setTimeout as delay } from 'node:timers/promises'
import { Refusal } from '../../compose/src/refusal.ts'

/** Long enough for a backlog to grow; a worker that is stopped in the middle of a batch loses its locks after 5 s. */
const HOLD_MS = 2_000
const DEADLINE_MS = 120_000
const POLL_MS = 10

export interface Drained { workers: number, jobs: number, perSecond: number }

/** Makes so many workers run, freezes them while payments arrive, and measures how fast they drain what has gathered. */
export async function drain(stack: Stack, database: pg.Client, workers: number): Promise<Drained> {
  await stack.scale(workers)
  const names = (await stack.parts()).map(({ name }) => name).filter(name => name.startsWith('worker'))
  try {
    names.forEach(name => stack.pause(name))
    await delay(HOLD_MS)
  }
  finally {
    names.forEach(name => stack.resume(name))
  }
  const now = await databaseTime(database)
  const startedAt = performance.now()
  const jobs = await waiting(database, now)
  await untilSettled(database, now)
  return { workers, jobs, perSecond: jobs / ((performance.now() - startedAt) / 1_000) }
}

/** Waits until no job that was due at `until` is pending. Throws a Refusal at the deadline. */
export async function untilSettled(database: pg.Client, until: string): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS
  for (let left = 1; left > 0; await delay(POLL_MS)) {
    left = await waiting(database, until)
    if (Date.now() > deadline)
      throw new Refusal(`${left} payments were not settled after ${DEADLINE_MS / 1_000} s: see make status`)
  }
}

/** What the database's clock says, as it writes it. */
export async function databaseTime(database: pg.Client): Promise<string> {
  const { rows } = await database.query<{ now: string }>('select clock_timestamp()::text as now')
  return rows[0]!.now
}

async function waiting(database: pg.Client, until: string): Promise<number> {
  const { rows } = await database.query<{ n: number }>(`select count(*)::int as n from recon_jobs where status = 'pending' and run_at <= $1`, [until])
  return rows[0]!.n
}
