import type { Knex } from 'knex'
import type { RunOnceOptions } from '../src/run-once.ts'
import type { Batch } from '../src/settle-jobs.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import pg from 'pg'
import { pino } from 'pino'
import { connect } from '../src/sql/connect.ts'
import { createDatabase } from './support/database.ts'
import { lockWaits } from './support/lock-waits.ts'
import { startLoop } from './support/loop.ts'
import { accept } from './support/payments.ts'
import { settleOnce } from './support/settle-once.ts'
import { assertSettledOnce, payments, settled } from './support/settled.ts'
import { waitFor } from './support/wait-for.ts'

const silent = pino({ level: 'silent' })

describe('a conflict between transactions', () => {
  let database: TestDatabase
  let db: Knex

  beforeEach(async () => {
    database = await createDatabase()
    db = connect(database.url('payments_worker'), silent)
  })
  afterEach(async () => {
    await db?.destroy()
    await database?.drop()
  })

  const once = (options: Partial<RunOnceOptions> = {}, on = db): Promise<Batch> =>
    settleOnce(on, options)

  it('rolls everything back on a deadlock, counts no attempt, and can be retried', async () => {
    await accept(database, [{ amount: '1.00' }])
    const rival = new pg.Client({ connectionString: database.url() })
    await rival.connect()
    try {
      await rival.query('begin')
      await rival.query(`select from accounts where kind = 'settlement' for no key update`)
      const deadlocked = assert.rejects(once(), { code: '40P01' })
      await waitFor('the post waits for the settlement accounts', async () => await lockWaits(database) > 0)
      await Promise.all([deadlocked, rival.query(`select from accounts where id = 'ACC-1' for no key update`)])
      await rival.query('rollback')
    }
    finally {
      await rival.end()
    }
    assert.deepEqual(await database.sql(`select status, attempts, last_error from recon_jobs`), [{ status: 'pending', attempts: 0, last_error: null }])
    assert.equal((await once()).settled, 1)
  })

  it('rolls everything back on a serialization failure', async () => {
    await accept(database, [{ amount: '1.00' }])
    const rival = new pg.Client({ connectionString: database.url() })
    await rival.connect()
    const strict = connect(database.url('payments_worker'), silent)
    await strict.raw('set default_transaction_isolation = serializable') // on the pool's one connection
    try {
      await rival.query('begin')
      await rival.query(`update accounts set updated_at = now() where id = 'ACC-1'`)
      const failed = assert.rejects(once({}, strict), { code: '40001' })
      await waitFor('the post waits for the account', async () => await lockWaits(database) > 0)
      await rival.query('commit')
      await failed
      assert.deepEqual(await database.sql(`select status, attempts, last_error from recon_jobs`), [{ status: 'pending', attempts: 0, last_error: null }])
      assert.equal((await once({}, strict)).settled, 1)
    }
    finally {
      await strict.destroy()
      await rival.end()
    }
  })

  for (const state of ['40P01', '40001']) {
    it(`is retried at once by the loop (${state}) and counts no attempt`, async () => {
      // Counts the tries: a sequence is not rolled back.
      await database.sql('create sequence tries')
      await database.sql('grant usage on tries to payments_worker')
      await database.sql(`
        create function conflict() returns trigger language plpgsql as $$ begin
          if nextval('tries') <= 3 then raise exception 'as if in conflict' using errcode = '${state}'; end if;
          return null;
        end $$`)
      await database.sql('create trigger conflict after insert on ledger_entries for each statement execute function conflict()')
      await accept(database, payments(500))
      const waits: number[] = []
      const stop = startLoop(db, { onWait: ms => waits.push(ms) })
      await waitFor('all jobs are settled', async () => await settled(database) === 500)
      await stop()
      assert.deepEqual(waits.filter(ms => ms < 1_000), [], 'no backoff')
      assert.deepEqual(await database.sql(`select last_value::int as tries from tries`), [{ tries: 4 }], 'each try posts all jobs in one batch')
      await assertSettledOnce(database, 500)
    })
  }
})
