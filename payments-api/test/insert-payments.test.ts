import type { NewPayment } from '../src/domain/payment.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { pino } from 'pino'
import { timeOfUuidv7, uuidv7 } from '../src/domain/uuidv7.ts'
import { connect } from '../src/sql/connect.ts'
import { insertPayments } from '../src/sql/insert-payments.ts'
import { createDatabase } from './support/database.ts'

describe('insertPayments', () => {
  let database: TestDatabase
  before(async () => {
    database = await createDatabase()
  })
  after(() => database?.drop())

  function payment(idempotencyKey: string): NewPayment {
    const id = uuidv7()
    return {
      id,
      caller: 'test',
      idempotencyKey,
      requestHash: createHash('sha256').update(id).digest(),
      accountId: 'ACC-1',
      amount: '1.00',
      currency: 'USD',
      description: '',
      createdAt: timeOfUuidv7(id),
      traceparent: null,
    }
  }

  it('never deadlocks on batches with the same keys in opposite orders, and both learn the same holders', async () => {
    const [one, other] = [1, 2].map(() => connect(database.url('payments_api'), 1, 'test', pino({ level: 'silent' }))) as [ReturnType<typeof connect>, ReturnType<typeof connect>]
    try {
      for (let round = 0; round < 60; round++) {
        const keys = Array.from({ length: 200 }, (_, i) => `${round}-${i}`)
        const [forward, backward] = await Promise.all([
          insertPayments(one, keys.map(payment)),
          insertPayments(other, keys.toReversed().map(payment)),
        ])
        assert.deepEqual(forward.map(holder => holder.id), backward.toReversed().map(holder => holder.id))
      }
    }
    finally {
      await Promise.all([one.destroy(), other.destroy()])
    }
    assert.deepEqual(await database.sql('select count(*)::int as payments, (select count(*)::int from recon_jobs) as jobs from payments'), [{ payments: 12_000, jobs: 12_000 }])
  }).timeout(60_000)

  it('answers the first arrival for a key that is twice in one batch', async () => {
    const db = connect(database.url('payments_api'), 1, 'test', pino({ level: 'silent' }))
    try {
      const [first, second] = [payment('twice'), payment('twice')]
      assert.deepEqual((await insertPayments(db, [first, second])).map(holder => holder.id), [first.id, first.id])
    }
    finally {
      await db.destroy()
    }
  })
})
