import type { Knex } from 'knex'
import type { NewPayment } from '../src/domain/payment.ts'
import type { KeyHolder } from '../src/domain/write-payments.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { pino } from 'pino'
import { groupCommit } from '../src/domain/group-commit.ts'
import { connect } from '../src/sql/connect.ts'
import { isLostConnection, isRefusedRow } from '../src/sql/database-errors.ts'
import { isRowLockTimeout } from '../src/sql/lock-waits.ts'
import { createDatabase } from './support/database.ts'
import { newPayment as payment, writeThrough } from './support/write-payments.ts'

describe('a batch of payments', () => {
  let database: TestDatabase
  before(async () => {
    database = await createDatabase()
  })
  after(() => database?.drop())

  const write = async (db: Knex, payments: NewPayment[]): Promise<KeyHolder[]> =>
    await writeThrough(db)(payments, false) as KeyHolder[] // no account is opened, so no currency can differ

  it('never deadlocks with a batch of the same keys in reverse order, and both get the same holders', async () => {
    const [one, other] = [1, 2].map(() => connect(database.url('payments_api'), 1, 'test', pino({ level: 'silent' }))) as [ReturnType<typeof connect>, ReturnType<typeof connect>]
    try {
      for (let round = 0; round < 60; round++) {
        const keys = Array.from({ length: 200 }, (_, i) => `${round}-${i}`)
        const [forward, backward] = await Promise.all([
          write(one, keys.map(key => payment(key))),
          write(other, keys.toReversed().map(key => payment(key))),
        ])
        assert.deepEqual(forward.map(holder => holder.id), backward.toReversed().map(holder => holder.id))
      }
    }
    finally {
      await Promise.all([one.destroy(), other.destroy()])
    }
    assert.deepEqual(await database.sql('select count(*)::int as payments, (select count(*)::int from recon_jobs) as jobs from payments'), [{ payments: 12_000, jobs: 12_000 }])
  }).timeout(60_000)

  it('returns the first payment for a key that appears twice', async () => {
    const db = connect(database.url('payments_api'), 1, 'test', pino({ level: 'silent' }))
    try {
      const [first, second] = [payment('twice'), payment('twice')]
      assert.deepEqual((await write(db, [first, second])).map(holder => holder.id), [first.id, first.id])
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
        assert.deepEqual((await write(db, [mine, theirs])).map(holder => holder.id), [mine.id, theirs.id])
    }
    finally {
      await db.destroy()
    }
  })

  it('fails only the row that the database refuses', async () => {
    const db = connect(database.url('payments_api'), 2, 'test', pino({ level: 'silent' }))
    try {
      const grouped = groupCommit((payments: NewPayment[]) => write(db, payments), { refusedRow: isRefusedRow, lockedRow: isRowLockTimeout, lostConnection: isLostConnection })
      const group = Array.from({ length: 100 }, (_, i) => ({ ...payment(`group-${i}`), ...(i === 7 && { amount: '1e15' }) }))
      const results = await Promise.allSettled(group.map(grouped))
      assert.deepEqual(results.flatMap(({ status }, i) => status === 'rejected' ? [i] : []), [7])
      assert.deepEqual(await database.sql(`select count(*)::int as n from payments where idempotency_key like 'group-%'`), [{ n: 99 }])
    }
    finally {
      await db.destroy()
    }
  })
})
