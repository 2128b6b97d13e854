import type { Knex } from 'knex'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { pino } from 'pino'
import { runOnce } from '../src/run-once.ts'
import { connect } from '../src/sql/connect.ts'
import { beat, forgiveUncleanStops, holdAlone, markStopped, register } from '../src/sql/heartbeat.ts'
import { createDatabase } from './support/database.ts'
import { accept } from './support/payments.ts'
import { payments } from './support/settled.ts'

describe('the heartbeat', () => {
  let database: TestDatabase
  let db: Knex

  beforeEach(async () => {
    database = await createDatabase()
    db = connect(database.url('payments_worker'), pino({ level: 'silent' }))
  })
  afterEach(async () => {
    await db?.destroy()
    await database?.drop()
  })

  const me = { id: 'me', host: 'h', pid: 1 }

  const clean = { uncleanStops: 0, stoppedWith: null, stoppedWithIt: 0 }
  async function registered(worker: typeof me): Promise<object> {
    const { startedAt, ...stops } = await register(db, worker)
    assert.deepEqual(await database.sql('select started_at from recon_workers where id = $1', [worker.id]), [{ started_at: startedAt }])
    return stops
  }

  it('counts the starts that followed an unclean stop', async () => {
    assert.deepEqual(await registered(me), clean)
    assert.deepEqual(await registered(me), { ...clean, uncleanStops: 1 })
    assert.deepEqual(await registered(me), { ...clean, uncleanStops: 2 })
    await beat(db, { id: 'me', settled: 7 })
    await markStopped(db, { id: 'me', settled: 8 })
    assert.deepEqual(await database.sql(`select stopped_at is not null as stopped, settled::int from recon_workers`), [{ stopped: true, settled: 8 }])
    assert.deepEqual(await registered({ ...me, pid: 2 }), clean)
    assert.deepEqual(await database.sql(`select stopped_at, settled::int, pid from recon_workers`), [{ stopped_at: null, settled: 0, pid: 2 }])
  })

  it('counts the unclean stops with the same job held alone, and starts over with another job or none', async () => {
    const [killer, other] = await accept(database, payments(2)) as [string, string]
    await register(db, me)
    for (const [paymentIds, stoppedWith, stoppedWithIt] of [
      [[killer], killer, 1],
      [[other, killer], killer, 2],
      [[other], other, 1],
      [[killer], killer, 1],
      [[killer, null], null, 0],
      [[killer], killer, 1],
    ] as const) {
      for (const paymentId of paymentIds)
        await holdAlone(db, { id: 'me', paymentId })
      const registration = await register(db, me)
      assert.deepEqual([registration.stoppedWith, registration.stoppedWithIt], [stoppedWith, stoppedWithIt])
    }
    await holdAlone(db, { id: 'me', paymentId: killer })
    await markStopped(db, { id: 'me', settled: 0 })
    assert.deepEqual(await registered(me), clean)
  })

  it('forgives unclean stops once no job is left that was due when the worker started', async () => {
    await accept(database, payments(1))
    await register(db, me)
    await register(db, me)
    assert.equal(await forgiveUncleanStops(db, 'me'), false)
    assert.equal((await runOnce(db, { workerId: 'me', batchSize: 10, maxAttempts: 3 })).settled, 1)
    assert.equal(await forgiveUncleanStops(db, 'me'), true)
    assert.deepEqual(await registered(me), { ...clean, uncleanStops: 1 })
  })

  it('deletes only workers not seen for a week', async () => {
    await register(db, { ...me, id: 'old' })
    await register(db, { ...me, id: 'recent' })
    await database.sql(`update recon_workers set last_seen_at = now() - case id when 'old' then interval '8 days' else interval '6 days' end`)
    await register(db, me)
    assert.deepEqual(await database.sql(`select id from recon_workers order by id`), [{ id: 'me' }, { id: 'recent' }])
  })

  it('is not a lock: a worker settles without one', async () => {
    await accept(database, payments(1))
    assert.equal((await runOnce(db, { workerId: 'nobody', batchSize: 10, maxAttempts: 3 })).settled, 1)
  })
})
