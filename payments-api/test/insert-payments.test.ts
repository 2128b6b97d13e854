import type { NewPayment } from '../src/domain/payment.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { pino } from 'pino'
import { groupCommit } from '../src/domain/group-commit.ts'
import { timeOfUuidv7, uuidv7 } from '../src/domain/uuidv7.ts'
import { connect } from '../src/sql/connect.ts'
import { isLockTimeout, isLostConnection, isRefusedRow } from '../src/sql/database-errors.ts'
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

  it('keeps the keys of two callers apart', async () => {
    const db = connect(database.url('payments_api'), 1, 'test', pino({ level: 'silent' }))
    try {
      const [mine, theirs] = [payment('shared'), { ...payment('shared'), caller: 'other' }]
      for (const _again of [1, 2])
        assert.deepEqual((await insertPayments(db, [mine, theirs])).map(holder => holder.id), [mine.id, theirs.id])
    }
    finally {
      await db.destroy()
    }
  })

  it('of a group fails only the row that the database refuses', async () => {
    const db = connect(database.url('payments_api'), 2, 'test', pino({ level: 'silent' }))
    try {
      const write = groupCommit((payments: NewPayment[]) => insertPayments(db, payments), { refusedRow: isRefusedRow, lockTimeout: isLockTimeout, lostConnection: isLostConnection })
      const group = Array.from({ length: 100 }, (_, i) => ({ ...payment(`group-${i}`), ...(i === 7 && { amount: '1e15' }) }))
      const results = await Promise.allSettled(group.map(write))
      assert.deepEqual(results.flatMap(({ status }, i) => status === 'rejected' ? [i] : []), [7])
      assert.deepEqual(await database.sql(`select count(*)::int as n from payments where idempotency_key like 'group-%'`), [{ n: 99 }])
    }
    finally {
      await db.destroy()
    }
  })
})
