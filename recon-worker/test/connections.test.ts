import type { Knex } from 'knex'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { pino } from 'pino'
import { connect } from '../src/sql/connect.ts'
import { DatabaseUnavailableError } from '../src/sql/database-unavailable.ts'
import { listen } from '../src/sql/listen.ts'
import { SESSION_SETTINGS } from '../src/sql/session.ts'
import { createDatabase } from './support/database.ts'
import { hostileSettings } from './support/hostile-settings.ts'
import { startLoop } from './support/loop.ts'
import { accept } from './support/payments.ts'
import { assertSettledOnce, payments, settled } from './support/settled.ts'
import { waitFor } from './support/wait-for.ts'

describe('a worker\'s connection', () => {
  let database: TestDatabase
  let name: string
  let db: Knex
  /** SQLSTATEs of the statements that failed. */
  let codes: (string | undefined)[]
  let stopLoop: (() => Promise<void>) | undefined

  beforeEach(async () => {
    database = await createDatabase()
    ;[{ name }] = await database.sql('select current_database() as name') as [{ name: string }]
    db = connect(database.url('payments_worker'), pino({ level: 'silent' }))
    codes = []
    db.on('query-error', (error: { code?: string, cause?: { code?: string } }) => codes.push(error.cause?.code ?? error.code))
  })
  afterEach(async () => {
    await stopLoop?.()
    stopLoop = undefined
    await db?.destroy()
    await database?.drop()
  })

  const settleAll = (n: number): Promise<void> => waitFor(`${n} are settled`, async () => await settled(database) === n)
  const pidOf = async (on: Knex): Promise<number> => (await on.raw<{ rows: [{ pid: number }] }>('select pg_backend_pid() as pid')).rows[0].pid

  for (const [how, end] of [['canceled', 'pg_cancel_backend'], ['terminated', 'pg_terminate_backend']] as const) {
    it(`is closed when its COMMIT is ${how}, and the loop goes on`, async () => {
      await database.sql(`create function linger() returns trigger language plpgsql as $$ begin perform pg_sleep(30); return null; end $$`)
      await database.sql(`create constraint trigger linger after insert on reconciliation_results deferrable initially deferred for each row execute function linger()`)
      await accept(database, payments(20))
      stopLoop = startLoop(db)
      const committing = async (): Promise<{ pid: number }[]> => await database.sql(`select pid from pg_stat_activity where query ilike 'commit%' and wait_event = 'PgSleep' and datname = current_database()`)
      await waitFor('the batch is committing', async () => (await committing()).length > 0)
      const [{ pid }] = await committing() as [{ pid: number }]
      await database.sql(`create or replace function linger() returns trigger language plpgsql as $$ begin return null; end $$`)
      await database.sql(`select ${end}($1)`, [pid])
      await settleAll(20)
      assert.deepEqual(codes.filter(code => code === '25P02'), [])
      await waitFor('the session has ended', async () => (await database.sql('select from pg_stat_activity where pid = $1', [pid])).length === 0)
    })
  }

  it('is replaced when its transaction is aborted and was never rolled back', async () => {
    const before = await pidOf(db)
    await db.raw('begin')
    await assert.rejects(db.raw('select 1/0'), { code: '22012' })
    assert.notEqual(await pidOf(db), before)
  })

  it('is replaced when DDL made its prepared statements stale: the batch is retried at once, and no attempt counts', async () => {
    await accept(database, payments(40))
    const warnings: string[] = []
    stopLoop = startLoop(db, { batchSize: 20, onWarning: message => warnings.push(message) })
    await settleAll(40)
    let n = 40
    for (const ddl of ['alter table recon_jobs alter attempts type int', 'alter table accounts alter updated_at type timestamptz(3)', 'alter table recon_jobs add note text', 'alter table recon_jobs alter attempts type smallint', 'alter table recon_jobs alter run_at type timestamptz(3)']) {
      await database.sql(ddl)
      await accept(database, payments(40))
      await settleAll(n += 40)
    }
    assert.ok(codes.includes('0A000'), String(codes))
    assert.deepEqual(warnings, []) // a backoff would log one
    await assertSettledOnce(database, n)
  })

  it('does not open while the database is read-only; once it is writable, the loop settles all jobs, with no attempt counted', async () => {
    await accept(database, payments(20))
    await database.sql(`alter database ${name} set default_transaction_read_only = on`)
    await assert.rejects(pidOf(db), DatabaseUnavailableError)
    let warnings = 0
    stopLoop = startLoop(db, { onWarning: () => warnings++ })
    await waitFor('the worker has tried', () => warnings > 0)
    assert.deepEqual(await database.sql('select distinct status, attempts, last_error from recon_jobs'), [{ status: 'pending', attempts: 0, last_error: null }])
    await database.sql(`alter database ${name} reset default_transaction_read_only`)
    await settleAll(20)
    await assertSettledOnce(database, 20)
  })

  it('is closed when it has become read-only', async () => {
    const before = await pidOf(db)
    await db.raw('set default_transaction_read_only = on')
    await assert.rejects(db.raw(`delete from recon_workers`), { code: '25006' })
    assert.notEqual(await pidOf(db), before)
  })

  it('listens to a writable database only', async () => {
    let warnings = 0
    let connects = 0
    await database.sql(`alter database ${name} set default_transaction_read_only = on`)
    const listening = listen(database.url('payments_worker'), 'recon_jobs', () => connects++, pino({}, { write: () => warnings++ }))
    try {
      await waitFor('LISTEN has been refused', () => warnings > 0)
      assert.equal(connects, 0)
      await database.sql(`alter database ${name} reset default_transaction_read_only`)
      await waitFor('the worker listens', () => connects > 0)
    }
    finally {
      await listening.close()
    }
  })

  it('has the settings that our statements rely on, whatever the defaults are, and settles', async () => {
    await hostileSettings(database)
    for (const [setting, value] of Object.entries({ ...SESSION_SETTINGS, synchronous_commit: 'on' }))
      assert.deepEqual((await db.raw<{ rows: object[] }>('select current_setting(?) as value', [setting])).rows, [{ value }], setting)
    const [refused] = await accept(database, [{ amount: '3.00' }, ...payments(20), { amount: '7.13' }, { amount: '-1.00' }])
    await database.sql('set session_replication_role = replica')
    await database.sql(`update payments set account_id = 'ACC-NONE' where id = $1`, [refused])
    await database.sql('set session_replication_role = origin')
    stopLoop = startLoop(db)
    await settleAll(22)
    assert.deepEqual(await database.sql('select attempts, last_error from recon_jobs where payment_id = $1', [refused]), [{ attempts: 1, last_error: 'account "ACC-NONE" does not exist' }])
    assert.deepEqual(await database.sql(`select notes is null as "noNotes", count(*)::int as n from reconciliation_results where status = 'completed' group by 1`), [{ noNotes: true, n: 20 }])
  })
})
