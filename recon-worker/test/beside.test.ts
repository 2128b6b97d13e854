import type { Knex } from 'knex'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import knex from 'knex'
import pg from 'pg'
import { pino } from 'pino'
import { claimJobs } from '../src/sql/claim-jobs.ts'
import { connect } from '../src/sql/connect.ts'
import { createDatabase } from './support/database.ts'
import { lockWaits } from './support/lock-waits.ts'
import { startLoop } from './support/loop.ts'
import { accept } from './support/payments.ts'
import { payments, settled } from './support/settled.ts'
import { waitFor } from './support/wait-for.ts'

const BATCH_SIZE = 10

describe('the batch beside', () => {
  let database: TestDatabase
  let db: Knex
  let holder: pg.Client
  let others: Knex // other workers' connections
  let claims: Knex.Transaction[] // and their batches in hand
  let stop: (() => Promise<void>) | undefined

  beforeEach(async () => {
    database = await createDatabase()
    db = connect(database.url('payments_worker'), pino({ level: 'silent' }))
    holder = new pg.Client({ connectionString: database.url() })
    await holder.connect()
    others = knex({ client: 'pg', connection: database.url('payments_worker'), pool: { min: 0, max: 5 } })
    claims = []
  })
  afterEach(async () => {
    await holder?.end() // and with it what it holds
    await stop?.()
    stop = undefined
    await db?.destroy()
    await Promise.all(claims.filter(claim => !claim.isCompleted()).map(claim => claim.rollback()))
    await others?.destroy()
    await database?.drop()
  })

  /** A batch of payments for an account. */
  const batchOf = (accountId: string): ReturnType<typeof payments> => payments(BATCH_SIZE, accountId)
  /** Keeps an account from being posted to, until released. */
  async function hold(accountId: string): Promise<void> {
    await holder.query('begin')
    await holder.query('select from accounts where id = $1 for update', [accountId])
  }

  /** Takes one job as another worker does, and keeps it in hand. */
  async function claim(options: { since?: Date, beside?: boolean } = {}): Promise<{ trx: Knex.Transaction, jobs: number }> {
    const trx = await others.transaction()
    claims.push(trx)
    return { trx, jobs: (await claimJobs(trx, { limit: 1, since: '-infinity', ...options })).length }
  }

  it('settles while the other one waits, and both are finished when the loop is told to end', async () => {
    await accept(database, [...batchOf('ACC-1'), ...batchOf('ACC-HELD'), ...batchOf('ACC-2'), ...batchOf('ACC-3')])
    await hold('ACC-HELD')
    stop = startLoop(db, { batchSize: BATCH_SIZE })
    await waitFor('all but the held batch are settled', async () => await settled(database) === 3 * BATCH_SIZE)

    let ended = false
    const end = stop().then(() => ended = true)
    await new Promise(resolve => setTimeout(resolve, 200))
    assert.equal(ended, false, 'a batch is under way')
    await holder.query('rollback')
    await end
    assert.equal(await settled(database), 4 * BATCH_SIZE)
  })

  it('begins when the other one is claimed, not when that is settled', async () => {
    await accept(database, [...batchOf('ACC-HELD'), ...batchOf('ACC-1')])
    await hold('ACC-HELD')
    stop = startLoop(db, { batchSize: BATCH_SIZE })
    await waitFor('the second batch is settled', async () => await settled(database) === BATCH_SIZE)
    await holder.query('rollback')
  })

  it('is none where two other workers have one batch each in hand', async () => {
    await accept(database, [...batchOf('ACC-1'), ...batchOf('ACC-HELD'), ...batchOf('ACC-2')])
    await hold('ACC-HELD')
    await claim({ since: new Date() })
    await claim({ since: new Date() })
    stop = startLoop(db, { batchSize: BATCH_SIZE })
    await waitFor('the loop waits for the account', async () => await lockWaits(database) === 1)
    await new Promise(resolve => setTimeout(resolve, 200))
    assert.equal(await settled(database), BATCH_SIZE)
  })

  it('is none while another worker goes on without a place', async () => {
    await accept(database, batchOf('ACC-1'))
    const first = await claim()
    const second = await claim({ beside: true })
    const third = await claim()
    assert.deepEqual([first.jobs, second.jobs, third.jobs], [1, 1, 1])
    await second.trx.rollback() // a place is free

    const before = await claim({ beside: true })
    await third.trx.rollback()
    const after = await claim({ beside: true })
    const places = await claim({ beside: true })
    assert.deepEqual([before.jobs, after.jobs, places.jobs], [0, 1, 0], 'refused, taken, and both places are')
  })

  it('that is rolled back is taken again by the loop, and its jobs count no attempt', async () => {
    await accept(database, [...batchOf('ACC-1'), ...batchOf('ACC-HELD'), ...batchOf('ACC-2')])
    await hold('ACC-HELD')
    const url = new URL(database.url('payments_worker'))
    url.searchParams.set('options', '-c lock_timeout=300ms')
    await db.destroy()
    db = connect(url.href, pino({ level: 'silent' }))
    let timeouts = 0
    db.on('query-error', ({ code }: { code: string }) => timeouts += code === '55P03' ? 1 : 0)
    stop = startLoop(db, { batchSize: BATCH_SIZE })
    await waitFor('all but the held batch are settled', async () => await settled(database) === 2 * BATCH_SIZE)
    await waitFor('both have met the lock', () => timeouts >= 2)
    await holder.query('rollback')
    await waitFor('all are settled', async () => await settled(database) === 3 * BATCH_SIZE)
    await stop()
    assert.deepEqual(await database.sql('select distinct attempts from recon_jobs'), [{ attempts: 1 }])
  })

  it('that is rolled back does not wait for the end of a long backlog, though the loop has moved on', async () => {
    await accept(database, batchOf('ACC-1'))
    const held = await accept(database, batchOf('ACC-HELD'))
    await accept(database, payments(3_000, 'ACC-2'))
    // A batch is a second's jobs, so what is rolled back is soon below the low-water mark.
    await database.sql(`
      update recon_jobs j set run_at = now() - interval '1 hour' + n * interval '100 ms'
        from (select payment_id, row_number() over (order by run_at) as n from recon_jobs) nth
       where nth.payment_id = j.payment_id`)
    await hold('ACC-HELD')
    await holder.query(`savepoint held; select from accounts where id = 'ACC-1' for update`)
    const warnings: string[] = []
    stop = startLoop(db, { batchSize: BATCH_SIZE, onWarning: warning => warnings.push(warning) })
    await waitFor('each of both batches waits for its account', async () => await lockWaits(database) === 2)
    await holder.query('rollback to savepoint held')
    await waitFor('the loop has moved on', async () => await settled(database) >= 10 * BATCH_SIZE)
    const terminated = await database.sql(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
    assert.equal(terminated.length, 1)
    await holder.query('rollback')
    await waitFor('all is settled', async () => await settled(database) === 3_000 + 2 * BATCH_SIZE)
    assert.deepEqual(warnings, ['the batch beside was rolled back'])
    const [last] = await database.sql(`
      select payment_id = any($1) as held from recon_jobs order by finished_at desc limit 1`, [held])
    assert.deepEqual(last, { held: false })
  })

  it('is not tried again at once where there is no second connection', async () => {
    await accept(database, payments(100 * BATCH_SIZE, 'ACC-1'))
    await db.raw('select 1') // the one that it has
    await database.sql(`do $$ begin execute format('alter database %I connection limit 0', current_database()); end $$`)
    const warnings: string[] = []
    stop = startLoop(db, { batchSize: BATCH_SIZE, onWarning: warning => warnings.push(warning) })
    const startedAtMs = performance.now()
    await waitFor('all is settled', async () => await settled(database) === 100 * BATCH_SIZE)
    const seconds = Math.ceil((performance.now() - startedAtMs) / 1_000)
    const tries = warnings.filter(warning => warning === 'the batch beside was rolled back').length
    assert.ok(tries > 0 && tries <= seconds, `${tries} in ${seconds} s`)
  })

  it('is none while nothing is left over: one claim finds what an idle worker is woken for', async () => {
    let claims = 0
    db.on('query', ({ sql }: { sql: string }) => claims += sql.includes('skip locked') ? 1 : 0)
    await accept(database, batchOf('ACC-1').slice(1))
    stop = startLoop(db, { batchSize: BATCH_SIZE })
    await waitFor('it looked again and sleeps', () => claims >= 3)
    await stop()
    assert.equal(claims, 3, 'a batch, an empty claim above its mark, and one of all')
  })
})
