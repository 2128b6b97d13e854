import type { Fault } from './fault.ts'
import { asAdmin, connectAdmin } from './as-admin.ts'
import { BOTH, SLOW } from './processes.ts'
import { repeatedly } from './repeatedly.ts'
import { Undo } from './undo.ts'

const OUR_BACKENDS = `select pid from pg_stat_activity where usename in ('payments_api', 'payments_worker') order by pid`
const SIGNAL_EVERY_MS = 200

const common = { recoveryGoalMs: SLOW, modes: BOTH, callersMaySeeErrors: true } as const

/** Sessions that are open already become read-only too. */
export const readOnly: Fault = {
  ...common,
  name: 'read-only',
  description: 'the database is read-only',
  holdMs: [20_000, 20_000],
  targets: async () => ['the database'],
  start: system => asAdmin(system, async (admin) => {
    await admin.query('alter system set default_transaction_read_only = on')
    await admin.query('select pg_reload_conf()')
  }),
  stop: system => asAdmin(system, async (admin) => {
    await admin.query('alter system reset default_transaction_read_only')
    await admin.query('select pg_reload_conf()')
  }),
}

/** Ends or cancels a random session of our parts several times a second. */
function signalBackends(name: string, description: string, signal: string): Fault {
  const undo = new Undo()
  return {
    ...common,
    name,
    description,
    holdMs: [3_000, 10_000],
    targets: async () => ['a random session, five times a second'],
    start: async (system, _, random) => repeatedly(undo, system, random, SIGNAL_EVERY_MS, draw => asAdmin(system, admin =>
      admin.query(`with ours as (${OUR_BACKENDS}), chosen as (select pid from ours offset floor($1::float8 * (select count(*) from ours)) limit 1) select ${signal}(pid) from chosen`, [draw]))),
    stop: system => undo.run(system),
  }
}

export const terminateBackends = signalBackends('terminate-backends', 'random sessions of our parts are ended with pg_terminate_backend', 'pg_terminate_backend')
export const cancelBackends = signalBackends('cancel-backends', 'random statements of our parts are ended with pg_cancel_backend', 'pg_cancel_backend')

const GRANTS = ['select on recon_jobs % payments_worker', 'select on accounts % payments_worker', 'select on payments % payments_api', 'execute on function open_accounts_of(uuid[]) % payments_api']

/** What is revoked is granted again as it was: none of these grants is for single columns. */
export const revokeGrant: Fault = {
  ...common,
  name: 'revoke-grant',
  description: 'a login loses a grant that it needs, and gets it back',
  holdMs: [3_000, 15_000],
  targets: async (_, random) => [random.pick(GRANTS)],
  start: (system, [grant]) => asAdmin(system, async admin => void await admin.query(`revoke ${grant!.replace('%', 'from')}`)),
  stop: (system, [grant]) => asAdmin(system, async admin => void await admin.query(`grant ${grant!.replace('%', 'to')}`)),
}

/** Rewrites the table, and makes every plan stale that returns the column. */
export const changeColumnType: Fault = {
  ...common,
  name: 'change-column-type',
  excuses: ['deadlocks'],
  description: 'the type of a column that the workers read changes under load, and changes back',
  holdMs: [2_000, 5_000],
  targets: async () => ['recon_jobs.attempts'],
  start: system => asAdmin(system, async admin => void await admin.query('alter table recon_jobs alter column attempts type integer')),
  stop: system => asAdmin(system, async admin => void await admin.query('alter table recon_jobs alter column attempts type smallint')),
}

const TABLES = ['payments', 'recon_jobs', 'accounts', 'reconciliation_results', 'ledger_entries', 'recon_workers', 'recon_queue']

/** Leaves a transaction open on a separate connection. */
function leaveOpen(begin: (target: string) => string, more: Pick<Fault, 'name' | 'description' | 'holdMs' | 'targets'> & Partial<Fault>): Fault {
  const undo = new Undo()
  return {
    ...common,
    start: async (system, [target]) => {
      const admin = undo.of(system).adopt(await connectAdmin(system), client => client.end())
      await admin.query(begin(target!))
    },
    stop: system => undo.run(system),
    ...more,
  }
}

export const lockTable = leaveOpen(table => `begin; lock table ${table} in access exclusive mode`, {
  name: 'lock-table',
  description: 'somebody locks a table and goes to lunch',
  holdMs: [20_000, 20_000],
  targets: async (_, random) => [random.pick(TABLES)],
})

/** Vacuum must keep every row version and index entry that the snapshot may still see. */
export const holdSnapshot = leaveOpen(() => 'begin isolation level repeatable read; select count(*) from recon_jobs', {
  name: 'hold-snapshot',
  description: 'somebody holds an old snapshot for minutes',
  holdMs: [120_000, 180_000],
  callersMaySeeErrors: false,
  targets: async () => ['the database'],
})

/** Repeats a statement that locks the table for as long as it takes. */
function maintain(name: string, description: string, sql: (table: string) => string[], cleanUp: string[] = []): Fault {
  const undo = new Undo()
  return {
    ...common,
    name,
    description,
    holdMs: [3_000, 10_000],
    excuses: ['deadlocks'],
    targets: async (_, random) => [random.pick(['payments', 'recon_jobs', 'accounts', 'ledger_entries'])],
    start: async (system, [table], random) => repeatedly(undo, system, random, SIGNAL_EVERY_MS, () => asAdmin(system, async (admin) => {
      for (const statement of sql(table!))
        await admin.query(statement)
    })),
    stop: async (system) => {
      await undo.run(system)
      for (const statement of cleanUp)
        await asAdmin(system, admin => admin.query(statement))
    },
  }
}

export const vacuumFull = maintain('vacuum-full', 'VACUUM FULL runs again and again', table => [`vacuum full ${table}`])
export const reindex = maintain('reindex', 'REINDEX runs again and again', table => [`reindex table ${table}`])
export const createIndex = maintain('create-index', 'CREATE INDEX runs again and again', table => [`create index chaos_index on ${table} (created_at)`, 'drop index if exists chaos_index'], ['drop index if exists chaos_index'])
