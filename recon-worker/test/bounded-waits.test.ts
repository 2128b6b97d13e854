import type { Knex } from 'knex'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import pg from 'pg'
import { pino } from 'pino'
import { couldSettle } from '../src/run-once.ts'
import { connect } from '../src/sql/connect.ts'
import { createDatabase } from './support/database.ts'
import { lockWaits } from './support/lock-waits.ts'
import { startLoop } from './support/loop.ts'
import { accept } from './support/payments.ts'
import { settled } from './support/settled.ts'
import { waitFor } from './support/wait-for.ts'

const ACCOUNTS = ['ACC-1', 'ACC-2', 'ACC-3', 'ACC-4', 'ACC-5', 'ACC-6', 'ACC-7']
/** Each account is released just before the worker's lock timeout. */
const HELD_MS = 1_000

describe('the lock waits of one transaction', () => {
  let database: TestDatabase
  let db: Knex
  let holder: pg.Client
  let stop: (() => Promise<void>) | undefined

  beforeEach(async () => {
    database = await createDatabase()
    db = connect(database.url('payments_worker'), pino({ level: 'silent' }))
    holder = new pg.Client({ connectionString: database.url() })
    await holder.connect()
    await holder.query('begin')
  })
  afterEach(async () => {
    await holder?.end()
    await stop?.()
    stop = undefined
    await db?.destroy()
    await database?.drop()
  })

  it('for several accounts in sequence last less than five seconds in total; then held jobs are deferred', async () => {
    await accept(database, ACCOUNTS.map(accountId => ({ accountId, amount: '1.00' })))
    for (const account of ACCOUNTS.toReversed()) {
      await holder.query(`savepoint "${account}"`)
      await holder.query('select from accounts where id = $1 for update', [account])
    }
    stop = startLoop(db)
    await waitFor('the worker waits for an account', async () => await lockWaits(database) > 0)
    let oldest = 0
    for (const account of ACCOUNTS) {
      const untilMs = performance.now() + HELD_MS
      while (performance.now() < untilMs) {
        const [row] = await database.sql<{ age: number }>(`
          select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0)::float as age
            from pg_stat_activity where application_name = 'recon-worker' and datname = current_database()`)
        oldest = Math.max(oldest, row!.age)
      }
      await holder.query(`rollback to savepoint "${account}"`)
    }
    await waitFor('all are settled', async () => await settled(database) === ACCOUNTS.length)
    assert.ok(oldest < 5, `a transaction of ${oldest} s`)
    assert.deepEqual(await database.sql('select distinct attempts, last_error from recon_jobs'), [{ attempts: 1, last_error: null }])
  })

  it('are bounded too while the worker checks whether it could settle', async () => {
    await holder.query('lock table accounts in access exclusive mode')
    const startedAtMs = performance.now()
    await assert.rejects(couldSettle(db, 'w1'), { code: '55P03' })
    const seconds = (performance.now() - startedAtMs) / 1_000
    assert.ok(seconds < 3, `${seconds} s`)
  })
})
