import type { Knex } from 'knex'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { pino } from 'pino'
import { connect } from '../src/sql/connect.ts'
import { findPayment } from '../src/sql/find-payment.ts'
import { listEntries } from '../src/sql/list-entries.ts'
import { listPayments } from '../src/sql/list-payments.ts'
import { listRefunds } from '../src/sql/list-refunds.ts'
import { createDatabase } from './support/database.ts'
import { rowsRead } from './support/rows-read.ts'

const LIMIT = 50
/** Each candidate is one row of the walk, with look-ups in at most three tables. */
const SERVED = 4 * (LIMIT + 1) + 10
/** The bound in the README: 3,000 candidates per page, with the rows looked up for them. */
const BOUNDED = 4 * 3_000 + SERVED

/** The 100 refunds that are left, with the rows looked up for them. */
const BOUNDED_BY_REFUNDS = 4 * 101 + 10

const PAYMENTS = 200
const BURST = 20_000
const id = (n: number): string => `019b0000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`

describe('after a burst of refunds, the rows that a list reads', () => {
  let database: TestDatabase
  let db: Knex

  const write = (first: number, count: number, columns: string): Promise<unknown> => database.sql(`
    with n as (
      select ('019b0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as id, n from generate_series($1::int, $1::int + $2::int - 1) n),
    p as (
      insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, status, created_at, updated_at, refund_of, refund_reserved, refunded)
      select id, 'test', id, sha256(''), 'ACC', 'USD', ${columns} from n)
    insert into reconciliation_results (payment_id, status, matched, discrepancy_amount)
    select id, 'completed', true, 0.00 from n`, [first, count])

  before(async () => {
    database = await createDatabase()
    db = connect(database.url('payments_api'), 1, 'test', pino({ level: 'silent' }))
    await database.sql('set session_replication_role = replica') // no triggers: these rows need no ledger entries
    await database.sql(`select open_account('ACC', 'USD')`)
    // The payment 0 has most refunds, the payments from 100 on have one each.
    const refunded = (n: string, of: string): string => `${n}, '', 'completed', now(), now(), ${of}, null, null`
    await write(0, 1, `1000.00, '', 'partially_refunded', now(), now(), null, ${(BURST / 100).toFixed(2)}, ${(BURST / 100).toFixed(2)}`)
    await write(1, 99, `1000.00, '', 'completed', now(), now(), null, null, null`)
    await write(100, 100, `1.00, '', 'refunded', now(), now(), null, 1.00, 1.00`)
    await write(1_000, 100, refunded('1.00', `('019b0000-0000-7000-8000-' || lpad(to_hex(n - 900), 12, '0'))::uuid`))
    await write(65_536, BURST, refunded('0.01', `'${id(0)}'`))
    await database.sql('vacuum analyze payments, reconciliation_results')
  })
  after(async () => {
    await db?.destroy()
    await database?.drop()
  })

  /** The pages of a list until the last one, each within a number of rows. */
  async function everyPage(list: (trx: Knex, before: string | undefined) => Promise<{ rows: { id: string }[], next: string | undefined }>, bound: number): Promise<string[]> {
    const found: string[] = []
    let before: string | undefined
    do {
      let next: string | undefined
      const n = await rowsRead(db, async (trx) => {
        const page = await list(trx, before)
        found.push(...page.rows.map(row => row.id))
        next = page.next
      })
      assert.ok(n <= bound, `${n} rows`)
      before = next
    } while (before !== undefined)
    return found
  }
  const ids = (first: number, count: number): string[] => Array.from({ length: count }, (_, i) => id(first + count - 1 - i))

  for (const [filter, expected] of [
    [{}, ids(0, PAYMENTS)],
    [{ accountId: 'ACC' }, ids(0, PAYMENTS)],
    [{ outcome: 'matched' }, ids(0, PAYMENTS)],
    [{ status: 'completed' }, ids(1, 99)],
    [{ status: 'refunded' }, ids(100, 100)],
    [{ status: 'partially_refunded' }, [id(0)]],
  ] as const) {
    it(`are bounded, and its short pages lead on to every payment: ${JSON.stringify(filter)}`, async () => {
      assert.deepEqual(await everyPage((trx, before) => listPayments(trx, filter, { limit: LIMIT, before }), BOUNDED), expected)
    })
  }

  it('are those of the page if it lists the refunds of a payment', async () => {
    assert.ok(await rowsRead(db, trx => listRefunds(trx, { paymentId: id(0) }, { limit: LIMIT })) <= SERVED)
    assert.ok(await rowsRead(db, trx => listRefunds(trx, { paymentId: id(1) }, { limit: LIMIT })) <= 1)
    assert.deepEqual(await everyPage((trx, before) => listRefunds(trx, { paymentId: id(150) }, { limit: LIMIT, before }), SERVED), [id(1_050)])
  })

  for (const filter of [{}, { accountId: 'ACC' }, { status: 'completed' }] as const) {
    it(`are bounded for refunds: ${JSON.stringify(filter)}`, async () => {
      assert.equal((await everyPage((trx, before) => listRefunds(trx, filter, { limit: 2_000, before }), 4 * 3_000 + 4 * 2_000)).length, BURST + 100)
    })
  }

  it('are those of the newest refunds for a payment\'s detail, and one look-up for each refund among entries', async () => {
    assert.ok(await rowsRead(db, trx => findPayment(trx, id(0))) <= 4 * 101 + 10)
    assert.equal(await rowsRead(db, trx => listEntries(trx, { accountId: 'ACC', limit: LIMIT })), 0)
  })

  it('include no payment if it lists a few refunds that lie before many payments', async () => {
    await write(1_000_000, 10_000, `1.00, '', 'completed', now(), now(), null, null, null`)
    await database.sql('delete from payments where id >= $1 and id < $2', [id(65_536), id(1_000_000)])
    await database.sql('vacuum analyze payments')
    for (const filter of [{}, { status: 'completed' }] as const) {
      assert.ok(await rowsRead(db, trx => listRefunds(trx, filter, { limit: LIMIT })) <= BOUNDED_BY_REFUNDS)
      assert.equal((await listRefunds(db, filter, { limit: LIMIT })).rows.length, LIMIT)
    }
  })
})
