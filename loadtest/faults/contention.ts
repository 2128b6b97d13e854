import type pg from 'pg'
import type { System } from '../runner/with-system.ts'
import type { Fault } from './fault.ts'
import { disconnect } from '../../compose/src/machine/connect.ts'
import { asAdmin } from './as-admin.ts'
import { withoutShim } from './needs.ts'
import { BOTH, SLOW } from './processes.ts'
import { repeatedly } from './repeatedly.ts'
import { Undo } from './undo.ts'

const connectionsUndo = new Undo()
/** More than max_connections in compose/postgres/postgresql.conf. */
const MAX_TAKEN = 300
const TAKE_EVERY_MS = 200

/** Ends one connection of each pool, then leaves only those that Postgres reserves for superusers, and takes what is given back. */
export const exhaustConnections: Fault = {
  name: 'exhaust-connections',
  description: 'others take every connection that Postgres has',
  recoveryGoalMs: SLOW,
  holdMs: [5_000, 15_000],
  modes: BOTH,
  callersMaySeeErrors: true,
  targets: async () => ['every free connection'],
  start: async (system, _, random) => {
    const taken: pg.Client[] = []
    connectionsUndo.of(system).defer(async () => void await Promise.all(taken.map(disconnect)))
    await asAdmin(system, admin => admin.query(`
      select pg_terminate_backend(min(pid)) from pg_stat_activity where usename in ('payments_api', 'payments_worker') group by application_name`))
    await takeAll(system, taken)
    repeatedly(connectionsUndo, system, random, TAKE_EVERY_MS, () => takeAll(system, taken))
  },
  stop: system => connectionsUndo.run(system),
}

async function takeAll(system: System, taken: pg.Client[]): Promise<void> {
  while (taken.length < MAX_TAKEN) {
    const client = await system.admin()
    taken.push(client)
    const { rows: [free] } = await client.query<{ left: number }>(`
      select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int - count(*)::int as left
        from pg_stat_activity where backend_type = 'client backend'`)
    if (free!.left <= 0)
      return
  }
}

const deadlockUndo = new Undo()
const DEADLOCK_EVERY_MS = 500
const LOCK_ORDER = {
  'a worker': ['ledger_entries', 'recon_jobs'],
  'an API': ['recon_jobs', 'payments'],
} as const

/** Locks in the opposite order of our part, which waits first and is therefore the one that Postgres ends. */
export const deadlock: Fault = {
  name: 'deadlock',
  description: 'somebody locks tables in the wrong order, so that Postgres ends our transactions',
  recoveryGoalMs: SLOW,
  holdMs: [5_000, 15_000],
  modes: BOTH,
  callersMaySeeErrors: true,
  excuses: ['deadlocks'],
  targets: async (_, random) => [random.pick(Object.keys(LOCK_ORDER))],
  start: async (system, [victim], random) => {
    const [first, second] = LOCK_ORDER[victim as keyof typeof LOCK_ORDER]
    repeatedly(deadlockUndo, system, random, DEADLOCK_EVERY_MS, () => asAdmin(system, async (admin) => {
      await admin.query(`set deadlock_timeout = '1min'; set lock_timeout = '4s'; begin; lock table ${first} in exclusive mode`)
      await waitUntilBlocking(admin)
      await admin.query(`lock table ${second} in exclusive mode; rollback`)
    }))
  },
  stop: system => deadlockUndo.run(system),
}

/** Waits until another session waits for this one, at most as long as our parts wait for a lock. */
async function waitUntilBlocking(admin: pg.Client): Promise<void> {
  await admin.query(`do $$ begin
    for i in 1..100 loop
      exit when exists (select from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid)));
      perform pg_sleep(0.01);
    end loop;
  end $$`)
}

/** Every write that would make a file longer fails with ENOSPC, in the data folder and its WAL. What exists can be overwritten. */
export const fillDisk: Fault = {
  name: 'fill-disk',
  description: 'Postgres\'s disk is full',
  recoveryGoalMs: SLOW,
  holdMs: [5_000, 20_000],
  modes: ['embedded'],
  callersMaySeeErrors: true,
  unavailable: withoutShim,
  targets: async () => ['postgres'],
  start: async ({ tampering }) => tampering!.fillDisk(true),
  stop: async ({ tampering }) => tampering?.fillDisk(false),
}
