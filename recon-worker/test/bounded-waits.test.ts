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

  /** Age in seconds of the worker's oldest transaction. */
  async function oldestTransaction(): Promise<number> {
    return (await database.sql<{ age: number }>(`
      select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0)::float as age
        from pg_stat_activity where application_name = 'recon-worker' and datname = current_database()`))[0]!.age
  }

  /** Rolls back to one savepoint after the other. Returns the age in seconds of the oldest transaction seen meanwhile. */
  async function oldestWhileReleasing(savepoints: string[], heldMs: number): Promise<number> {
    let oldest = 0
    for (const savepoint of savepoints) {
      const untilMs = performance.now() + heldMs
      while (performance.now() < untilMs)
        oldest = Math.max(oldest, await oldestTransaction())
      await holder.query(`rollback to savepoint "${savepoint}"`)
    }
    return oldest
  }

  it('for several accounts in sequence last less than five seconds in total; then held jobs are deferred', async () => {
    await accept(database, ACCOUNTS.map(accountId => ({ accountId, amount: '1.00' })))
    for (const account of ACCOUNTS.toReversed()) {
      await holder.query(`savepoint "${account}"`)
      await holder.query('select from accounts where id = $1 for update', [account])
    }
    stop = startLoop(db)
    await waitFor('the worker waits for an account', async () => await lockWaits(database) > 0)
    const oldest = await oldestWhileReleasing(ACCOUNTS, HELD_MS)
    await waitFor('all are settled', async () => await settled(database) === ACCOUNTS.length)
    assert.ok(oldest < 5, `a transaction of ${oldest} s`)
    assert.deepEqual(await database.sql('select distinct attempts, last_error from recon_jobs'), [{ attempts: 1, last_error: null }])
  })

  it('for tables and then for accounts last less than five seconds in total', async () => {
    await accept(database, ACCOUNTS.slice(0, 2).map(accountId => ({ accountId, amount: '1.00' })))
    const locks = ['lock table recon_jobs in access exclusive mode', 'lock table payments in access exclusive mode', ...ACCOUNTS.slice(0, 2).map(id => `select from accounts where id = '${id}' for update`)]
    for (const [n, lock] of [...locks.entries()].toReversed())
      await holder.query(`savepoint held_${n}; ${lock}`)
    stop = startLoop(db)
    await waitFor('the claim waits', async () => await oldestTransaction() > 0)
    const oldest = await oldestWhileReleasing(locks.map((_, n) => `held_${n}`), 1_350)
    await waitFor('all are settled', async () => await settled(database) === 2)
    assert.ok(oldest > 4, `the waits were too short for this test: ${oldest} s`)
    assert.ok(oldest < 5, `a transaction of ${oldest} s`)
  })

  it('and of the search for a refused job last less than five seconds in total', async () => {
    const [bad] = await accept(database, [{ amount: '1.00' }, { amount: '2.00' }])
    await database.sql('set session_replication_role = replica')
    await database.sql(`update payments set account_id = 'ACC-NONE' where id = $1`, [bad])
    await database.sql('set session_replication_role = origin')
    await database.sql('create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(2.7); return null; end $$')
    await database.sql('create trigger slow before insert on reconciliation_results for each statement execute function slow()')
    stop = startLoop(db)
    let oldest = 0
    await waitFor('the good payment is settled', async () => {
      oldest = Math.max(oldest, await oldestTransaction())
      return await settled(database) === 1
    }, 30_000)
    assert.ok(oldest > 2, `the post was too fast for this test: ${oldest} s`)
    assert.ok(oldest < 5, `a transaction of ${oldest} s`)
  })

  it('are bounded too while the worker checks whether it could settle', async () => {
    await holder.query('lock table accounts in access exclusive mode')
    const startedAtMs = performance.now()
    await assert.rejects(couldSettle(db, 'w1'), { code: '55P03' })
    const seconds = (performance.now() - startedAtMs) / 1_000
    assert.ok(seconds < 3, `${seconds} s`)
  })
})
