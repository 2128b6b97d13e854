import type { Knex } from 'knex'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import pg from 'pg'
import { pino } from 'pino'
import { connect } from '../src/sql/connect.ts'
import { createDatabase } from './support/database.ts'
import { lockWaits } from './support/lock-waits.ts'
import { startLoop } from './support/loop.ts'
import { accept } from './support/payments.ts'
import { payments, settled } from './support/settled.ts'
import { waitFor } from './support/wait-for.ts'

const BATCH_SIZE = 10

describe('secondary batches', () => {
  let database: TestDatabase
  let db: Knex
  let holder: pg.Client
  let stop: (() => Promise<void>) | undefined

  beforeEach(async () => {
    database = await createDatabase()
    db = connect(database.url('payments_worker'), pino({ level: 'silent' }))
    holder = new pg.Client({ connectionString: database.url() })
    await holder.connect()
  })
  afterEach(async () => {
    await holder?.end() // releases its locks
    await stop?.()
    stop = undefined
    await db?.destroy()
    await database?.drop()
  })

  /** As many payments for an account as one batch claims. */
  const batchOf = (accountId: string): ReturnType<typeof payments> => payments(BATCH_SIZE, accountId)
  /** Locks an account until the holder rolls back, so that posts wait for it. */
  async function hold(accountId: string): Promise<void> {
    await holder.query('begin')
    await holder.query('select from accounts where id = $1 for update', [accountId])
  }

  it('settle while the primary batch waits, and all finish when the loop drains', async () => {
    await accept(database, [...batchOf('ACC-1'), ...batchOf('ACC-HELD'), ...batchOf('ACC-2'), ...batchOf('ACC-3')])
    await hold('ACC-HELD')
    stop = startLoop(db, { batchSize: BATCH_SIZE })
    await waitFor('all batches but the held one are settled', async () => await settled(database) === 3 * BATCH_SIZE)

    let ended = false
    const end = stop().then(() => ended = true)
    await new Promise(resolve => setTimeout(resolve, 200))
    assert.equal(ended, false, 'a batch is in flight')
    await holder.query('rollback')
    await end
    assert.equal(await settled(database), 4 * BATCH_SIZE)
  })

  it('start when the primary batch has claimed its jobs, not when it has settled them', async () => {
    await accept(database, [...batchOf('ACC-HELD'), ...batchOf('ACC-1')])
    await hold('ACC-HELD')
    stop = startLoop(db, { batchSize: BATCH_SIZE })
    await waitFor('the second batch is settled', async () => await settled(database) === BATCH_SIZE)
    await holder.query('rollback')
  })

  it('and the primary batch together fill BATCHES_IN_FLIGHT slots', async () => {
    await accept(database, [1, 2, 3, 4].flatMap(() => batchOf('ACC-HELD')))
    await hold('ACC-HELD')
    await db.destroy()
    db = connect(database.url('payments_worker'), pino({ level: 'silent' }), 3)
    stop = startLoop(db, { batchSize: BATCH_SIZE, batchesInFlight: 3 })
    await waitFor('three batches wait for the account', async () => await lockWaits(database) === 3)
    await holder.query('rollback')
    await waitFor('all are settled', async () => await settled(database) === 4 * BATCH_SIZE)
  })

  it('go on without the jobs of an account that stays locked: these are deferred and count no attempt', async () => {
    const held = await accept(database, batchOf('ACC-HELD'))
    await hold('ACC-HELD')
    await accept(database, Array.from({ length: 40 }, () => batchOf('ACC-1')).flat())
    stop = startLoop(db, { batchSize: 2 * BATCH_SIZE, batchesInFlight: 1 })
    await waitFor('all others are settled', async () => await settled(database) === 40 * BATCH_SIZE)
    assert.deepEqual(await database.sql('select distinct status, attempts, last_error from recon_jobs where payment_id = any($1)', [held]), [
      { status: 'pending', attempts: 0, last_error: null },
    ])
    await holder.query('rollback')
    await waitFor('all are settled', async () => await settled(database) === 41 * BATCH_SIZE)
    assert.deepEqual(await database.sql('select distinct attempts from recon_jobs'), [{ attempts: 1 }])
  })

  it('that are rolled back are claimed again before the end of a long backlog, although the low-water mark has passed them', async () => {
    await accept(database, batchOf('ACC-1'))
    const held = await accept(database, batchOf('ACC-HELD'))
    await accept(database, payments(3_000, 'ACC-2'))
    // A batch spans one second of due times, so a rolled-back batch is soon below the low-water mark.
    await database.sql(`
      update recon_jobs j set run_at = now() - interval '1 hour' + n * interval '100 ms'
        from (select payment_id, row_number() over (order by run_at) as n from recon_jobs) nth
       where nth.payment_id = j.payment_id`)
    await hold('ACC-HELD')
    await holder.query(`savepoint held; select from accounts where id = 'ACC-1' for update`)
    const warnings: string[] = []
    stop = startLoop(db, { batchSize: BATCH_SIZE, onWarning: warning => warnings.push(warning) })
    await waitFor('both batches wait for their accounts', async () => await lockWaits(database) === 2)
    await holder.query('rollback to savepoint held')
    await waitFor('the loop has moved on', async () => await settled(database) >= 10 * BATCH_SIZE)
    const terminated = await database.sql(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
    assert.equal(terminated.length, 1)
    await holder.query('rollback')
    await waitFor('all is settled', async () => await settled(database) === 3_000 + 2 * BATCH_SIZE)
    assert.deepEqual(warnings, ['secondary batch rolled back'])
    const [last] = await database.sql(`
      select payment_id = any($1) as held from recon_jobs order by finished_at desc limit 1`, [held])
    assert.deepEqual(last, { held: false })
  })

  it('are not retried at once while no second connection is available', async () => {
    await accept(database, payments(100 * BATCH_SIZE, 'ACC-1'))
    await db.raw('select 1') // opens the only connection it will get
    await database.sql(`do $$ begin execute format('alter database %I connection limit 0', current_database()); end $$`)
    const warnings: string[] = []
    stop = startLoop(db, { batchSize: BATCH_SIZE, onWarning: warning => warnings.push(warning) })
    const startedAtMs = performance.now()
    await waitFor('all is settled', async () => await settled(database) === 100 * BATCH_SIZE)
    const seconds = Math.ceil((performance.now() - startedAtMs) / 1_000)
    const tries = warnings.filter(warning => warning === 'secondary batch rolled back').length
    assert.ok(tries > 0 && tries <= seconds, `${tries} in ${seconds} s`)
  })

  it('do not start while no batch is full: one claim finds the jobs that woke an idle worker', async () => {
    let claims = 0
    db.on('query', ({ sql }: { sql: string }) => claims += sql.includes('skip locked') ? 1 : 0)
    await accept(database, batchOf('ACC-1').slice(1))
    stop = startLoop(db, { batchSize: BATCH_SIZE })
    await waitFor('the worker has made a full scan and sleeps', () => claims >= 3)
    await stop()
    assert.equal(claims, 3, 'a batch, an empty claim above the low-water mark, and a full scan')
  })
})
