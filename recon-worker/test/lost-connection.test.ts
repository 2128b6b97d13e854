import type { Knex } from 'knex'
import type { Batch } from '../src/settle-jobs.ts'
import type { TestDatabase } from './support/database.ts'
import type { Proxy } from './support/proxy.ts'
import assert from 'node:assert/strict'
import { pino } from 'pino'
import { runOnce } from '../src/run-once.ts'
import { connect } from '../src/sql/connect.ts'
import { faultOf } from '../src/sql/database-errors.ts'
import { createDatabase } from './support/database.ts'
import { startLoop } from './support/loop.ts'
import { accept } from './support/payments.ts'
import { BATCH_STEPS, startProxy } from './support/proxy.ts'
import { assertSettledOnce, payments, settled } from './support/settled.ts'
import { waitFor } from './support/wait-for.ts'

describe('a lost connection', () => {
  let database: TestDatabase
  let proxy: Proxy
  let db: Knex

  beforeEach(async () => {
    database = await createDatabase()
    proxy = await startProxy(database.url('payments_worker'))
    db = connect(proxy.url, pino({ level: 'silent' }))
    await accept(database, payments(50))
  })
  afterEach(async () => {
    await db?.destroy()
    await proxy?.close()
    await database?.drop()
  })

  const batch = async (): Promise<Batch> => await runOnce(db, { workerId: 'w1', batchSize: 500, maxAttempts: 3 })
  const isOutage = (error: unknown): boolean => faultOf(error) === 'outage'
  const untouched = [{ status: 'pending', attempts: 0, last_error: null }]
  const jobs = async (): Promise<unknown> => await database.sql('select distinct status, attempts, last_error from recon_jobs')

  for (const step of BATCH_STEPS.slice(1)) {
    it(`before ${step} reaches the database: nothing is settled, no attempt counts, and the next batch settles`, async () => {
      const reached = proxy.silence(step, 'before')
      const lost = assert.rejects(batch(), isOutage)
      await reached
      proxy.cut()
      await lost
      assert.deepEqual(await jobs(), untouched)
      assert.equal((await batch()).settled, 50)
      await assertSettledOnce(database, 50)
    })
  }

  it('after the commit, before its response: the whole batch is settled, and the next batch finds no job', async () => {
    const reached = proxy.silence('commit', 'unacknowledged')
    const lost = assert.rejects(batch(), isOutage)
    await reached
    proxy.cut()
    await lost
    await assertSettledOnce(database, 50)
    assert.deepEqual(await batch(), { claimed: [], settled: 0, failed: [] })
    await assertSettledOnce(database, 50)
  })

  it('because its session was terminated during the commit: nothing is settled, and the loop goes on', async () => {
    await database.sql(`create function linger() returns trigger language plpgsql as $$ begin perform pg_sleep(30); return null; end $$`)
    await database.sql(`create constraint trigger linger after insert on reconciliation_results deferrable initially deferred for each row execute function linger()`)
    const lost = assert.rejects(batch(), { code: '57P01' })
    await waitFor('the batch is committing', async () => (await database.sql(`select from pg_stat_activity where query ilike 'commit%' and wait_event = 'PgSleep' and datname = current_database()`)).length > 0)
    await database.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'recon-worker' and datname = current_database()`)
    await lost
    assert.deepEqual(await jobs(), untouched)
    await database.sql('drop trigger linger on reconciliation_results')
    const stop = startLoop(db)
    await waitFor('the loop settles all jobs', async () => await settled(database) === 50)
    await stop()
    await assertSettledOnce(database, 50)
  })

  it('at commit does not stop the loop', async () => {
    for (const [round, moment] of (['before', 'unacknowledged'] as const).entries()) {
      const reached = proxy.silence('commit', moment)
      const stop = startLoop(db, { batchSize: 10 })
      await reached
      proxy.cut()
      await waitFor('all are settled', async () => await settled(database) === 50 * (round + 1))
      await stop()
      await assertSettledOnce(database, 50 * (round + 1))
      await accept(database, payments(50))
    }
  })
})
