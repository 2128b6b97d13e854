import type { TestDatabase } from './support/database.ts'
import type { Worker } from './support/worker.ts'
import assert from 'node:assert/strict'
import { createDatabase } from './support/database.ts'
import { accept } from './support/payments.ts'
import { assertSettledOnce, payments, settled } from './support/settled.ts'
import { waitFor } from './support/wait-for.ts'
import { startWorker } from './support/worker.ts'

interface FaultInDatabase {
  what: string
  break: string[]
  repair: string[]
  reason: RegExp
}

/** A statement with this database's name in place of %I. */
const onDatabase = (statement: string): string => `do $$ begin execute format('${statement}', current_database()); end $$`
const TERMINATE = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'recon-worker' and datname = current_database()`
function raise(state: string, body = `raise exception 'as if broken' using errcode = '${state}'`): FaultInDatabase['break'] {
  return [
    `create or replace function broken() returns trigger language plpgsql as $$ begin ${body}; return new; end $$`,
    'create trigger broken before insert on ledger_entries for each row execute function broken()',
  ]
}
const REPAIR_TRIGGER = ['drop trigger broken on ledger_entries']

const FAULTS: FaultInDatabase[] = [
  {
    what: 'a grant is missing (42501)',
    break: ['revoke insert on ledger_entries from payments_worker'],
    repair: ['grant insert on ledger_entries to payments_worker'],
    reason: /^permission denied for table ledger_entries \(SQLSTATE 42501\)$/,
  },
  {
    what: 'a table has another name (42P01)',
    break: ['alter table ledger_entries rename to entries'],
    repair: ['alter table entries rename to ledger_entries'],
    reason: /SQLSTATE 42P01/,
  },
  {
    what: 'a column has another name (42703)',
    break: ['alter table reconciliation_results rename column notes to remarks'],
    repair: ['alter table reconciliation_results rename column remarks to notes'],
    reason: /SQLSTATE 42703/,
  },
  {
    what: 'the schema is older than the worker (42883)',
    break: ['alter function post_results() rename to posted', TERMINATE], // new connections prepare the statements again
    repair: ['alter function posted() rename to post_results'],
    reason: /SQLSTATE 42883/,
  },
  {
    what: 'statements take too long (57014)',
    break: [...raise('', 'perform pg_sleep(5)'), onDatabase('alter role payments_worker in database %I set statement_timeout = 300'), TERMINATE],
    repair: [...REPAIR_TRIGGER, onDatabase('alter role payments_worker in database %I reset statement_timeout'), TERMINATE],
    reason: /SQLSTATE 57014/,
  },
  {
    what: 'the database is read-only (25006)',
    break: [onDatabase('alter database %I set default_transaction_read_only = on'), TERMINATE],
    repair: [onDatabase('alter database %I reset default_transaction_read_only'), TERMINATE],
    reason: /SQLSTATE 25006|read-only/,
  },
  { what: 'there is an internal error (XX000)', break: raise('XX000'), repair: REPAIR_TRIGGER, reason: /^as if broken \(SQLSTATE XX000\)$/ },
  { what: 'there is an I/O error (58030)', break: raise('58030'), repair: REPAIR_TRIGGER, reason: /SQLSTATE 58030/ },
  { what: 'errors have an unknown SQLSTATE class (ZZ999)', break: raise('ZZ999'), repair: REPAIR_TRIGGER, reason: /SQLSTATE ZZ999/ },
]

describe('an outage', () => {
  let database: TestDatabase
  let worker: Worker
  let accepted = 0
  let repair: string[] = []

  before(async () => {
    database = await createDatabase()
    worker = await startWorker(database.url('payments_worker'), { MAX_ATTEMPTS: '1' })
  })
  after(async () => {
    worker?.process.kill('SIGKILL')
    await database?.drop()
  })

  /** Repairs the database, so that a failed test does not break the next one. */
  afterEach(async () => {
    for (const statement of repair.splice(0))
      await database.sql(statement)
  })

  async function acceptSome(n: number): Promise<void> {
    await accept(database, payments(n))
    accepted += n
    await database.sql('notify recon_jobs')
  }
  async function readiness(): Promise<{ status: number, contentType: string | null, detail?: string }> {
    const response = await fetch(`${worker.url}/ready`)
    const { detail } = await response.json() as { detail?: string }
    return { status: response.status, contentType: response.headers.get('content-type'), detail }
  }
  async function run(statements: string[]): Promise<void> {
    for (const statement of statements)
      await database.sql(statement)
  }
  const isReady = async (): Promise<boolean> => (await readiness()).status === 200
  const untried = async (): Promise<unknown> => await database.sql(`
    select distinct attempts, last_error from recon_jobs where status <> 'completed'`)

  for (const fault of FAULTS) {
    it(`counts no attempt while ${fault.what}; the worker is not ready, and all jobs settle once it is over`, async () => {
      await waitFor('the worker is ready', isReady)
      repair = [...fault.repair]
      await run(fault.break)
      await acceptSome(200)
      await waitFor('the worker is not ready, and says why', async () => fault.reason.test((await readiness()).detail ?? ''))
      const { status, contentType } = await readiness()
      assert.deepEqual([status, contentType], [503, 'application/problem+json'])
      await acceptSome(200)
      assert.deepEqual(await untried(), [{ attempts: 0, last_error: null }])
      await run(repair.splice(0))
      const repairedAtMs = performance.now()
      await waitFor('all are settled', async () => await settled(database) === accepted)
      const seconds = (performance.now() - repairedAtMs) / 1_000
      assert.ok(seconds < 10, `${seconds} s`)
      await waitFor('the worker is ready again', isReady)
      await assertSettledOnce(database, accepted)
    })
  }

  it('retries only after its backoff, however many notifications arrive, and logs each step once', async () => {
    const rollbacks = async (): Promise<number> => (await database.sql<{ n: number }>(`
      select xact_rollback::int as n from pg_stat_database where datname = current_database()`))[0]!.n
    await waitFor('the worker is ready', isReady)
    const before = await rollbacks()
    worker.log.length = 0
    await database.sql('revoke insert on ledger_entries from payments_worker')
    await acceptSome(1)
    await waitFor('the worker is not ready', async () => !await isReady())
    const startedAtMs = performance.now()
    while (performance.now() - startedAtMs < 4_000)
      await database.sql('notify recon_jobs')
    await database.sql('grant insert on ledger_entries to payments_worker')
    await waitFor('the payment is settled', async () => await settled(database) === accepted)
    await waitFor('the statistics include the rollbacks', async () => await rollbacks() > before)
    const tries = await rollbacks() - before
    assert.ok(tries <= 9, `${tries} transactions in 4 s of notifications: 0.1, 0.2, 0.4, 0.8, 1.6, 2 s apart`)
    const logged = worker.log.filter(line => line.includes('batch rolled back')).map(line => (JSON.parse(line) as { waitMs: number }).waitMs)
    assert.deepEqual(logged, [...new Set(logged)], 'each step is logged once')
  }).timeout(60_000)

  it('is over for an idle worker once a batch could settle, and not before', async () => {
    await waitFor('the worker is ready', isReady)
    await database.sql('revoke insert on ledger_entries from payments_worker')
    await acceptSome(1)
    await waitFor('the worker is not ready', async () => !await isReady())
    await database.sql(`update recon_jobs set run_at = now() + interval '1 hour' where status = 'pending'`)
    worker.log.length = 0
    await waitFor('the worker has tried with nothing due', async () => (await database.sql(`
      select from pg_stat_activity where application_name = 'recon-worker' and datname = current_database() and query ilike 'rollback%'`)).length > 0)
    assert.equal(await isReady(), false)
    await database.sql('grant insert on ledger_entries to payments_worker')
    await waitFor('the worker is ready again', isReady)
    await database.sql(`update recon_jobs set run_at = now() where status = 'pending'`)
    await waitFor('the payment is settled', async () => await settled(database) === accepted)
  }).timeout(60_000)

  it('does not keep the worker from stopping', async () => {
    await database.sql('revoke insert on ledger_entries from payments_worker')
    await acceptSome(1)
    await waitFor('the worker is not ready', async () => !await isReady())
    assert.equal(await worker.stop(), 0)
  }).timeout(60_000)
})
