import type { Knex } from 'knex'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { pino } from 'pino'
import { REFUSAL_BY_STATUS } from '../src/reconcile.ts'
import { connect } from '../src/sql/connect.ts'
import { createDatabase } from './support/database.ts'
import { accept } from './support/payments.ts'
import { settleOnce } from './support/settle-once.ts'

describe('a due job', () => {
  let database: TestDatabase
  let db: Knex

  before(async () => {
    database = await createDatabase()
    await database.sql('alter table payments drop constraint payments_refunds_check') // a status of refunds, without a refund
    db = connect(database.url('payments_worker'), pino({ level: 'silent' }))
  })
  after(async () => {
    await db?.destroy()
    await database?.drop()
  })

  for (const [status, refusal] of Object.entries(REFUSAL_BY_STATUS)) {
    it(`of a payment that is ${status} ${refusal === null ? 'settles' : `is refused: ${refusal}`}`, async () => {
      const [id] = await accept(database, [{ amount: '1.00' }])
      await database.sql('set session_replication_role = replica') // no login may forge a status
      await database.sql('update payments set status = $2 where id = $1', [id, status])
      await database.sql('set session_replication_role = origin')
      const { settled, failed } = await settleOnce(db, { maxAttempts: 1 })
      assert.deepEqual({ settled, errors: failed.map(({ error }) => error) }, refusal === null
        ? { settled: 1, errors: [] }
        : { settled: 0, errors: [refusal] })
    })
  }
})
