import type { Knex } from 'knex'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { pino } from 'pino'
import { runOnce } from '../src/run-once.ts'
import { connect } from '../src/sql/connect.ts'
import { beat, markStopped, register } from '../src/sql/heartbeat.ts'
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

  it('tells a start after a clean stop from one after an unclean stop', async () => {
    assert.deepEqual(await register(db, me), { uncleanStop: false })
    assert.deepEqual(await register(db, me), { uncleanStop: true })
    await beat(db, { id: 'me', settled: 7 })
    await markStopped(db, { id: 'me', settled: 8 })
    assert.deepEqual(await database.sql(`select stopped_at is not null as stopped, settled::int from recon_workers`), [{ stopped: true, settled: 8 }])
    assert.deepEqual(await register(db, { ...me, pid: 2 }), { uncleanStop: false })
    assert.deepEqual(await database.sql(`select stopped_at, settled::int, pid from recon_workers`), [{ stopped_at: null, settled: 0, pid: 2 }])
  })

  it('removes workers that were not seen for a week, and only those', async () => {
    await register(db, { ...me, id: 'old' })
    await register(db, { ...me, id: 'recent' })
    await database.sql(`update recon_workers set last_seen_at = now() - case id when 'old' then interval '8 days' else interval '6 days' end`)
    await register(db, me)
    assert.deepEqual(await database.sql(`select id from recon_workers order by id`), [{ id: 'me' }, { id: 'recent' }])
  })

  it('is no lock: a worker settles without one', async () => {
    await accept(database, payments(1))
    assert.equal((await runOnce(db, { workerId: 'nobody', batchSize: 10, maxAttempts: 3 })).settled, 1)
  })
})
