import type { Knex } from 'knex'
import type { PaymentFilter } from '../src/domain/payment-filter.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { pino } from 'pino'
import { parseInstant } from '../src/domain/instant.ts'
import { PAYMENT_STATUSES } from '../src/domain/payment.ts'
import { connect } from '../src/sql/connect.ts'
import { listAccounts } from '../src/sql/list-accounts.ts'
import { listEntries } from '../src/sql/list-entries.ts'
import { listJobs } from '../src/sql/list-jobs.ts'
import { listPayments } from '../src/sql/list-payments.ts'
import { createDatabase } from './support/database.ts'
import { rowsRead as countRowsRead } from './support/rows-read.ts'

const LIMIT = 50
/** Each payment of a full page is one row of the walk, with look-ups in at most two tables. */
const SERVED = 3 * (LIMIT + 1) + 10
/** The bound in the README: 3,000 payments per page, with the rows looked up for them. */
const BOUNDED = 3 * 3_000 + SERVED

const FAILED = 50_000
const DEAD = 10_000

describe('the rows that a list reads', () => {
  let database: TestDatabase
  let db: Knex

  before(async () => {
    database = await createDatabase()
    db = connect(database.url('payments_api'), 1, 'test', pino({ level: 'silent' }))
    await database.sql('set session_replication_role = replica') // no triggers: these rows need no ledger entries
    await database.sql(`select open_account(id, 'USD') from unnest(array['OLD', 'NEW']) id`)
    const write = (first: number, count: number, accountId: string, status: string, result: string | null, job: string | null): Promise<unknown> => database.sql(`
      with n as (
        select ('019b0000-' || lpad(to_hex(n / 65536), 4, '0') || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as id, n
          from generate_series($1::int, $1::int + $2::int - 1) n),
      p as (
        insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, status, created_at, updated_at)
        select id, 'test', id, sha256(''), $3, 'USD', 10.00, '', $4, now(), now() from n),
      r as (
        insert into reconciliation_results (payment_id, status, matched, discrepancy_amount)
        select id, $5, $5 = 'completed', case $5 when 'completed_with_discrepancy' then 0.13 else 0 end from n where $5::text is not null)
      insert into recon_jobs (payment_id, status, last_error, finished_at)
      select id, $6, 'error', case when $6 <> 'pending' then now() end from n where $6::text is not null`, [first, count, accountId, status, result, job])
    await write(0, 100, 'OLD', 'completed', 'completed', 'completed')
    await write(100, 100, 'OLD', 'completed', 'completed_with_discrepancy', 'completed')
    await write(200, 100, 'OLD', 'pending', null, 'pending')
    await write(65_536, FAILED, 'NEW', 'failed', 'failed', null) // their jobs were pruned
    await write(65_536 + FAILED, DEAD, 'NEW', 'pending', null, 'dead')
    await database.sql('vacuum analyze payments, recon_jobs, reconciliation_results')
  })
  after(async () => {
    await db?.destroy()
    await database?.drop()
  })

  const rowsRead = (list: (db: Knex) => Promise<unknown>): Promise<number> => countRowsRead(db, list)
  const at = (millisecond: number): PaymentFilter['from'] => parseInstant(new Date(Number.parseInt('019b00000000', 16) + millisecond).toISOString())
  const VALUES: { [Name in keyof PaymentFilter]-?: PaymentFilter[Name][] } = {
    status: [...PAYMENT_STATUSES],
    jobDead: [true],
    outcome: ['matched', 'discrepancy', 'failed'],
    accountId: ['OLD', 'NEW', 'NOBODY'],
    idempotencyKey: [{ caller: 'test', key: '019b0000-0000-7000-8000-000000000001' }, { caller: 'test', key: 'nobody' }],
    currency: ['USD', 'EUR'],
    amountFrom: ['10', '1000000'],
    amountTo: ['10', '0'],
    absoluteAmountFrom: ['10', '1000000'],
    absoluteAmountTo: ['10', '0'],
    from: [at(0), at(1)],
    to: [at(10), at(1)],
  }
  const singles = Object.entries(VALUES).flatMap(([name, values]) => values.map((value): PaymentFilter => ({ [name]: value })))
  const pairs = singles.flatMap((one, i) => singles.slice(i + 1).filter(two => Object.keys(one)[0] !== Object.keys(two)[0]).map((two): PaymentFilter => ({ ...one, ...two })))
  const show = (filter: PaymentFilter): string => Object.entries(filter).map(([name, value]) => `${name}=${typeof value !== 'object' ? String(value) : (value as { key?: string, micros?: bigint }).key ?? (value as { micros: bigint }).micros}`).join('&')

  it('are bounded for every filter and every pair of filters, with 50,000 newer failed payments', async () => {
    const unbounded: string[] = []
    for (const filter of [{}, ...singles, ...pairs]) {
      const n = await rowsRead(trx => listPayments(trx, filter, { limit: LIMIT }))
      if (n > BOUNDED)
        unbounded.push(`${show(filter)} read ${n}`)
    }
    assert.deepEqual(unbounded, [])
    assert.ok(pairs.length > 100)
  }).timeout(120_000)

  const served: PaymentFilter[] = [{}, { status: 'pending' }, { jobDead: true }, { jobDead: true, status: 'pending' }, { status: 'failed' }, { outcome: 'failed' }, { outcome: 'discrepancy' }, { status: 'completed', outcome: 'discrepancy' }, { accountId: 'OLD' }, { accountId: 'OLD', currency: 'USD' }, { accountId: 'NOBODY' }, { idempotencyKey: { caller: 'test', key: '019b0000-0000-7000-8000-000000000001' } }, { to: at(1) }, { status: 'failed', to: at(1) }]
  for (const filter of served) {
    it(`are those of the page if an index serves the filter: ${show(filter) || 'none'}`, async () => {
      const n = await rowsRead(trx => listPayments(trx, filter, { limit: LIMIT }))
      assert.ok(n <= SERVED, `${n} rows`)
    })
  }

  const contradictions: PaymentFilter[] = [
    { status: 'pending', outcome: 'matched' },
    { status: 'failed', outcome: 'matched' },
    { status: 'failed', jobDead: true },
    { outcome: 'matched', jobDead: true },
    { status: 'completed', outcome: 'failed' },
    { amountFrom: '10.0001', amountTo: '10' },
    { amountFrom: '-1', amountTo: '-1.5' },
    { absoluteAmountFrom: '10.0001', absoluteAmountTo: '10' },
    { from: at(1), to: at(1) },
    { from: at(10), to: at(1) },
    { accountId: 'OLD', currency: 'EUR' },
    // by the rules: zero or less fails, and .13 is a discrepancy
    { outcome: 'failed', amountFrom: '0.01' },
    { status: 'failed', amountFrom: '10' },
    { outcome: 'matched', amountTo: '0' },
    { outcome: 'matched', amountTo: '-0.01' },
    { status: 'completed', amountTo: '-1' },
    { outcome: 'discrepancy', amountTo: '0.12' },
    { outcome: 'discrepancy', amountFrom: '42.1301', amountTo: '43.12' },
    { outcome: 'discrepancy', currency: 'JPY' },
    // by the amount with and without its sign
    { amountFrom: '6', absoluteAmountTo: '5' },
    { amountTo: '-6', absoluteAmountTo: '5' },
    { amountFrom: '-1', amountTo: '1', absoluteAmountFrom: '2' },
    { outcome: 'failed', amountFrom: '-5', absoluteAmountFrom: '6' },
    { outcome: 'discrepancy', absoluteAmountTo: '0.12' },
  ]
  for (const filter of contradictions) {
    it(`are none if filters contradict each other, and the page is the last one: ${show(filter)}`, async () => {
      let page: unknown
      const n = await rowsRead(async trx => page = await listPayments(trx, filter, { limit: LIMIT }))
      assert.deepEqual(page, { rows: [], next: undefined })
      assert.ok(n <= 1, `${n} rows`) // the row of the account, for its currency
    })
  }

  it('belong to the account, even if the planner believes that it has most payments', async () => {
    await database.sql(`update pg_statistic set stanumbers1 = array[0.01::real, 0.99::real] where starelid = 'payments'::regclass and staattnum = 5`)
    const n = await rowsRead(trx => listPayments(trx, { accountId: 'OLD' }, { limit: LIMIT }))
    assert.ok(n <= SERVED, `${n} rows`)
  })

  for (const status of ['pending', 'completed', 'dead'] as const) {
    it(`are bounded for ${status} jobs, and short pages lead on to the last one`, async () => {
      let found = 0
      let before: string | undefined
      do {
        const n = await rowsRead(async (trx) => {
          const page = await listJobs(trx, status, { limit: 200, before })
          found += page.rows.length
          before = page.next
        })
        assert.ok(n <= BOUNDED, `${n} rows`)
      } while (before !== undefined)
      assert.equal(found, { pending: 100, completed: 200, dead: DEAD }[status])
    })
  }

  it('are bounded for accounts and entries', async () => {
    const settlement = 8 // accounts of the only currency in use
    assert.ok(await rowsRead(trx => listAccounts(trx, { limit: LIMIT })) <= 2 * (LIMIT + settlement))
    assert.ok(await rowsRead(trx => listAccounts(trx, { limit: LIMIT, prefix: 'NE' })) <= 2)
    assert.equal(await rowsRead(trx => listEntries(trx, { accountId: 'OLD', limit: LIMIT })), 0)
  })
})
