import type { Knex } from 'knex'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import pg from 'pg'
import { pino } from 'pino'
import { connect } from '../src/sql/connect.ts'
import { DatabaseUnavailableError, isUnavailable } from '../src/sql/database-errors.ts'
import { SESSION_SETTINGS } from '../src/sql/session.ts'
import { createDatabase } from './support/database.ts'
import { hostileSettings } from './support/hostile-settings.ts'
import { migrateSettings } from './support/migrate-settings.ts'
import { waitFor } from './support/wait-for.ts'

describe('a pooled connection', () => {
  let database: TestDatabase
  let name: string
  let db: Knex

  beforeEach(async () => {
    database = await createDatabase()
    ;[{ name }] = await database.sql('select current_database() as name') as [{ name: string }]
    db = connect(database.url('payments_api'), 1, 'test', pino({ level: 'silent' }))
  })
  afterEach(async () => {
    await db?.destroy()
    await database?.drop()
  })

  const pid = async (on: Knex = db): Promise<number> => (await on.raw<{ rows: [{ pid: number }] }>('select pg_backend_pid() as pid')).rows[0].pid
  const isSleeping = async (): Promise<boolean> => (await database.sql(`select from pg_stat_activity where application_name = 'test' and wait_event = 'PgSleep' and datname = current_database()`)).length > 0
  /** Returns the single value of a named statement, which this connection prepares. */
  const named = async (sql: string, on: Knex = db): Promise<unknown> => Object.values((await on.raw<{ rows: object[] }>(sql, []).options({ name: 'a-statement' })).rows[0]!)[0]

  it('is replaced after a canceled COMMIT', async () => {
    await database.sql(`
      create table lingering (n int);
      grant insert on lingering to payments_api;
      create function linger() returns trigger language plpgsql as 'begin perform pg_sleep(30); return null; end';
      create constraint trigger linger after insert on lingering deferrable initially deferred for each row execute function linger()`)
    let before = 0
    const commit = assert.rejects(db.transaction(async (trx) => {
      before = await pid(trx)
      await trx.raw('insert into lingering values (1)')
    }), { code: '57014' })
    await waitFor('the transaction commits', isSleeping)
    await database.sql('select pg_cancel_backend($1)', [before])
    await commit
    assert.notEqual(await pid(), before)
  })

  it('is replaced when its transaction was aborted but not rolled back', async () => {
    const before = await pid()
    await db.raw('begin')
    await assert.rejects(db.raw('select 1/0'), { code: '22012' })
    assert.notEqual(await pid(), before)
  })

  it('is never left in an aborted transaction by a timeout during BEGIN, COMMIT or ROLLBACK', async () => {
    const codes = new Map<unknown, number>()
    // From nothing, where only BEGIN and COMMIT can time out, to what takes several milliseconds on any machine.
    const rows = [0, 2_000, 4_000, 100_000]
    for (let i = 0; i < 200; i++) {
      await db.raw(`set statement_timeout = '1ms'`)
        .then(() => db.transaction(async trx => void await trx.raw('select count(*) from generate_series(1, ?::int)', [rows[i % rows.length]!])))
        .catch((error: { code?: string }) => codes.set(error.code, (codes.get(error.code) ?? 0) + 1))
    }
    assert.ok(codes.has('57014'))
    assert.equal(codes.get('25P02'), undefined)
  })

  it('reports the error that ended a transaction, not the failed ROLLBACK on the closed connection', async () => {
    const failed = assert.rejects(db.transaction(async trx => void await trx.raw('select pg_sleep(30)')), { code: '57P01' })
    await waitFor('the statement sleeps', isSleeping)
    await database.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test' and datname = current_database()`)
    await failed
    assert.equal(typeof await pid(), 'number')
  })

  it('is closed when it turns out to be read-only', async () => {
    const before = await pid()
    await db.raw('set default_transaction_read_only = on')
    await assert.rejects(db.raw(`select pg_current_xact_id()`).then(() => db.raw('create table t ()')), isUnavailable)
    assert.notEqual(await pid(), before)
  })

  it('reruns a prepared statement after DDL changed its columns, and is replaced if that was in a transaction', async () => {
    await database.sql('create table changing (n smallint); insert into changing values (1); grant select on changing to payments_api')
    assert.equal(await named('select n from changing'), 1)
    const first = await pid()
    await database.sql('alter table changing alter n type bigint')
    assert.equal(await named('select n from changing'), '1')
    assert.notEqual(await pid(), first)
    const second = await pid()
    assert.equal(await named('select n from changing'), '1')
    await database.sql('alter table changing alter n type text')
    await assert.rejects(db.transaction(trx => named('select n from changing', trx)), isUnavailable)
    assert.equal(await named('select n from changing'), '1')
    assert.notEqual(await pid(), second)
  })

  it('reruns a prepared statement that was deallocated, as behind a pooler', async () => {
    assert.equal(await named('select 1'), 1)
    await db.raw('deallocate all')
    assert.equal(await named('select 1'), 1)
    assert.equal(await named('select 1'), 1)
  })

  it('has the settings that our statements rely on, whatever the defaults are', async () => {
    await hostileSettings(database)
    for (const [setting, value] of Object.entries({ ...SESSION_SETTINGS, synchronous_commit: 'on' }))
      assert.deepEqual((await db.raw<{ rows: object[] }>('select current_setting(?) as value', [setting])).rows, [{ value }], setting)
  })

  it('has those settings behind a transaction pooler too: migrations set them for our roles', async () => {
    await hostileSettings(database, { roleInDatabase: false })
    await migrateSettings(database)
    for (const role of ['payments_api', 'payments_worker', 'payments_reader']) {
      const client = new pg.Client({ connectionString: database.url(role) })
      await client.connect()
      try {
        for (const [setting, value] of Object.entries(SESSION_SETTINGS))
          assert.deepEqual((await client.query('select current_setting($1) as value', [setting])).rows, [{ value }], setting)
      }
      finally {
        await client.end()
      }
    }
  })

  for (const [what, setting] of [['read-only', 'default_transaction_read_only = on'], ['without triggers', 'session_replication_role = replica']] as const) {
    it(`does not open while the database is ${what}`, async () => {
      await database.sql(`alter database ${name} set ${setting}`)
      await assert.rejects(pid(), DatabaseUnavailableError)
      await database.sql(`alter database ${name} reset all`)
      assert.equal(typeof await pid(), 'number')
    })
  }
})
