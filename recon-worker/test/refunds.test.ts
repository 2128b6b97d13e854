import type { Knex } from 'knex'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import pg from 'pg'
import { pino } from 'pino'
import { connect } from '../src/sql/connect.ts'
import { brokenPromises } from './support/audit.ts'
import { createDatabase } from './support/database.ts'
import { accept } from './support/payments.ts'
import { refund } from './support/refunds.ts'
import { settleOnce } from './support/settle-once.ts'

describe('refunds', () => {
  let database: TestDatabase
  let db: Knex
  let owner: pg.Client

  beforeEach(async () => {
    database = await createDatabase()
    db = connect(database.url('payments_worker'), pino({ level: 'silent' }))
    owner = new pg.Client({ connectionString: database.url() })
    await owner.connect()
    await owner.query(`insert into recon_workers (id, host, pid) values ('w1', 'h', 1), ('w2', 'h', 2)`)
    const { rows: [self] } = await owner.query<{ name: string }>('select current_database() as name')
    await owner.query(`revoke temporary, create on database ${self!.name} from public`) // copying a template does not copy this
  })
  afterEach(async () => {
    await db?.destroy()
    await owner?.end()
    await database?.drop()
  })

  const states = (): Promise<unknown[]> => database.sql(`select amount, status, refund_reserved, refunded from payments where refund_of is null order by id`)
  const settled = async (...payments: Parameters<typeof accept>[1]): Promise<string[]> => {
    const ids = await accept(database, payments)
    await settleOnce(db)
    return ids
  }

  it('are settled as an equal and opposite posting, and give their payment its status', async () => {
    const [payment] = await settled({ amount: '100.00' }) as [string]
    const first = await refund(database, { payment, amount: '30.00' })
    assert.deepEqual(await states(), [{ amount: '100.00', status: 'completed', refund_reserved: '30.00', refunded: null }])
    await settleOnce(db)
    assert.deepEqual(await states(), [{ amount: '100.00', status: 'partially_refunded', refund_reserved: '30.00', refunded: '30.00' }])
    assert.deepEqual(await database.sql(`select entry_type, starts_with(account_id, 'settlement:USD:') as settlement, amount from ledger_entries where payment_id = $1 order by 1`, [first.id]), [
      { entry_type: 'credit', settlement: true, amount: '30.00' },
      { entry_type: 'debit', settlement: false, amount: '30.00' },
    ])
    const rest = await refund(database, { payment })
    assert.deepEqual([rest.outcome, rest.amount], ['created', '70.00'])
    await settleOnce(db)
    assert.deepEqual(await states(), [{ amount: '100.00', status: 'refunded', refund_reserved: '100.00', refunded: '100.00' }])
    assert.deepEqual(await database.sql(`select balance, version from accounts where id = 'ACC-1'`), [{ balance: '0.00', version: '3' }])
    assert.deepEqual(await brokenPromises(owner), [])
  })

  it('follow the rules of payments: what was posted is refunded, and .13 is in dispute', async () => {
    const [payment] = await settled({ amount: '42.13' }) as [string]
    const { id } = await refund(database, { payment })
    await settleOnce(db)
    assert.deepEqual(await database.sql(`select status, discrepancy_amount from reconciliation_results where payment_id = $1`, [id]), [{ status: 'completed_with_discrepancy', discrepancy_amount: '0.13' }])
    assert.deepEqual(await states(), [{ amount: '42.13', status: 'refunded', refund_reserved: '42.13', refunded: '42.13' }])
    assert.deepEqual(await brokenPromises(owner), [])
  })

  for (const [currency, amount, part, rest] of [['JPY', '500', '1', '499'], ['KWD', '10.131', '0.001', '10.130'], ['CLF', '1.0001', '1.0000', '0.0001']] as const) {
    it(`are exact in ${currency}`, async () => {
      const [payment] = await settled({ accountId: 'ACC-X', currency, amount }) as [string]
      await refund(database, { payment, amount: part })
      await settleOnce(db)
      assert.equal((await refund(database, { payment })).amount, rest)
      await settleOnce(db)
      assert.deepEqual(await states(), [{ amount, status: 'refunded', refund_reserved: amount, refunded: amount }])
      assert.deepEqual(await brokenPromises(owner), [])
    })
  }

  it('are refused when their payment cannot be refunded, when nothing is left, and when too little is left', async () => {
    const [failed, payment] = await settled({ amount: '-1.00' }, { amount: '10.00' }) as [string, string]
    const [pending] = await accept(database, [{ amount: '5.00' }]) as [string]
    const first = await refund(database, { payment, amount: '9.99', key: 'k' })
    for (const [request, expected] of [
      [{ payment: failed }, { outcome: 'not-refundable', payment_status: 'failed' }],
      [{ payment: pending }, { outcome: 'not-refundable', payment_status: 'pending' }],
      [{ payment: first.id }, { outcome: 'not-found' }],
      [{ payment: '00000000-0000-7000-8000-000000000000' }, { outcome: 'not-found' }],
      [{ payment, amount: '0.02' }, { outcome: 'exceeds', left_amount: '0.01' }],
      [{ payment, amount: '0.02', key: 'k' }, { outcome: 'key-held' }],
      [{ payment, amount: '0.01' }, { outcome: 'created' }],
      [{ payment }, { outcome: 'not-refundable', payment_status: 'completed', left_amount: '0.00' }],
    ] as const) {
      const result = await refund(database, request)
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map(name => [name, result[name as keyof typeof result]])), expected, JSON.stringify(request))
    }
    await settleOnce(db)
    assert.deepEqual(await brokenPromises(owner), [])
  })

  it('of one payment that two workers settle at once are both counted, and deadlock with nothing', async () => {
    const payments = await settled(...Array.from({ length: 20 }, (_, n) => ({ accountId: `ACC-${n % 3}`, amount: '10.00' })))
    const other = connect(database.url('payments_worker'), pino({ level: 'silent' }))
    try {
      for (let round = 0; round < 5; round++) {
        for (const payment of [...payments, ...payments.toReversed()])
          await refund(database, { payment, amount: '1.00' })
        const workers = [db, other].flatMap((connection, n) => Array.from({ length: 4 }, () => settleOnce(connection, { workerId: `w${n + 1}`, batchSize: 10 })))
        const batches = await Promise.all(workers)
        while ((await settleOnce(db)).claimed.length > 0);
        assert.deepEqual(batches.flatMap(({ failed }) => failed), [])
      }
    }
    finally {
      await other.destroy()
    }
    assert.deepEqual(new Set((await states()).map(state => JSON.stringify(state))), new Set([JSON.stringify({ amount: '10.00', status: 'refunded', refund_reserved: '10.00', refunded: '10.00' })]))
    assert.deepEqual(await brokenPromises(owner), [])
  })

  it('never exceed their payment by a cent, however many are requested at once', async () => {
    const [payment] = await settled({ amount: '10.00' }) as [string]
    const clients = Array.from({ length: 10 }, () => new pg.Client({ connectionString: database.url('payments_api') }))
    await Promise.all(clients.map(client => client.connect()))
    try {
      const results = await Promise.all(clients.map(async (client) => {
        const some = []
        for (let n = 0; n < 5; n++)
          some.push(await refund(client, { payment, amount: `0.${31 + n}` }))
        return some
      }))
      const created = results.flat().filter(({ outcome }) => outcome === 'created')
      const cents = created.reduce((sum, { amount }) => sum + Number(amount!.replace('.', '')), 0)
      assert.ok(cents <= 1_000 && cents > 1_000 - 35, `${cents} cents`)
      assert.deepEqual(await states(), [{ amount: '10.00', status: 'completed', refund_reserved: `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`, refunded: null }])
    }
    finally {
      await Promise.all(clients.map(client => client.end()))
    }
    while ((await settleOnce(db)).claimed.length > 0);
    assert.deepEqual(await brokenPromises(owner), [])
  })

  it('may settle at an earlier time than their payment, if the clock went back', async () => {
    const [payment] = await settled({ amount: '10.00' }) as [string]
    await database.sql(`begin; set local session_replication_role = replica;
      update payments set updated_at = updated_at + interval '2 minutes';
      update reconciliation_results set created_at = created_at + interval '2 minutes'; commit`)
    const [before] = await database.sql<{ updated_at: Date }>('select updated_at from payments')
    await refund(database, { payment, amount: '4.00' })
    await settleOnce(db)
    assert.deepEqual(await database.sql('select status, updated_at from payments where id = $1', [payment]), [{ status: 'partially_refunded', ...before }])
    assert.deepEqual((await brokenPromises(owner)).filter(name => name.includes('refund')), [])
  })

  it('are announced with their payments before the worker announces them', async () => {
    const [payment] = await settled({ amount: '10.00' }) as [string]
    const { id } = await refund(database, { payment, amount: '4.00' })
    const heard: [string, unknown][] = []
    owner.on('notification', ({ channel, payload }) => heard.push([channel, JSON.parse(payload!)]))
    await owner.query('listen refund_events')
    await owner.query('listen payment_events')
    await settleOnce(db)
    await owner.query('select 1')
    assert.deepEqual(heard, [
      ['refund_events', [{ refundId: id, paymentId: payment, paymentStatus: 'partially_refunded' }]],
      ['payment_events', { completed: [id] }],
    ])
  })

  it('fit a notification\'s payload, 500 in a batch', async () => {
    const payments = await settled(...Array.from({ length: 500 }, () => ({ amount: '1.00' })))
    for (const payment of payments)
      await refund(database, { payment })
    const { settled: count, failed } = await settleOnce(db)
    assert.deepEqual([count, failed], [500, []])
  })

  describe('cannot be forged, not even by the owner:', () => {
    const ROW = '(id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at, refund_of)'
    const forged = (payment: string, change: Partial<Record<'account' | 'currency' | 'amount', string>> = {}): string => `
      insert into payments ${ROW} values (gen_random_uuid(), 'x', gen_random_uuid()::text, sha256(''), '${change.account ?? 'ACC-1'}', '${change.currency ?? 'USD'}', ${change.amount ?? '1.00'}, '', now(), now(), '${payment}')`

    for (const [what, statement] of [
      ['more than is left', (id: string) => forged(id, { amount: '10.01' })],
      ['a refund on another account', (id: string) => forged(id, { account: 'ACC-2' })],
      ['a refund in another currency', (id: string) => forged(id, { currency: 'EUR' })],
      ['a refund of nothing', (id: string) => forged(id, { amount: '0.00' })],
      ['a negative refund', (id: string) => forged(id, { amount: '-1.00' })],
      ['a refund of no payment', () => forged('00000000-0000-7000-8000-000000000000')],
      ['a refunded status', (id: string) => `update payments set status = 'refunded', updated_at = now() where id = '${id}'`],
      ['a refunded sum', (id: string) => `update payments set refund_reserved = 1.00, refunded = 1.00, status = 'partially_refunded' where id = '${id}'`],
      ['a reservation', (id: string) => `update payments set refund_reserved = 1.00 where id = '${id}'`],
      ['what a payment reverses', (id: string) => `update payments set refund_of = id where id = '${id}'`],
    ] as const) {
      it(what, async () => {
        const [payment] = await settled({ amount: '10.00' }, { accountId: 'ACC-2', amount: '10.00' }) as [string]
        await assert.rejects(owner.query(statement(payment)), /refund|not allowed|payments_refunds_check/)
      })
    }

    it('a refund of a refund, or a failed refund', async () => {
      const [payment] = await settled({ amount: '10.00' }) as [string]
      const { id } = await refund(database, { payment, amount: '4.00' })
      await settleOnce(db)
      await assert.rejects(owner.query(forged(id)), { constraint: 'refunds_within_payment' })
      const pending = await refund(database, { payment, amount: '1.00' })
      await assert.rejects(owner.query(`insert into reconciliation_results (payment_id, status, matched, discrepancy_amount, notes) values ($1, 'failed', false, 0.00, 'x')`, [pending.id]), { constraint: 'payments_refunds_check' })
    })

    it('entries of a refund without its result\'s posting', async () => {
      const [payment] = await settled({ amount: '10.00' }) as [string]
      const { id } = await refund(database, { payment, amount: '4.00' })
      const [customer] = await database.sql<{ version: string }>(`select version from accounts where id = 'ACC-1'`)
      const [settlement] = await database.sql<{ id: string }>(`select id from accounts where kind = 'settlement' and version = 0 limit 1`)
      await assert.rejects(owner.query(`
        with result as (insert into reconciliation_results (payment_id, status, matched, discrepancy_amount) values ('${id}', 'completed', true, 0.00)),
        payment as (update payments set status = 'completed', updated_at = now() where id = '${id}')
        insert into ledger_entries (payment_id, entry_type, account_id, currency, amount, balance_after, account_version)
        values ('${id}', 'debit', 'ACC-1', 'USD', 4.00, 6.00, ${Number(customer!.version) + 1}), ('${id}', 'credit', '${settlement!.id}', 'USD', 4.00, 4.00, 1)`), /reconciliation_results_settle|ledger_balanced|not that of a pending payment|posting is not/)
    })

    it('by the logins of the API and the worker', async () => {
      const [payment] = await settled({ amount: '10.00' }) as [string]
      for (const role of ['payments_api', 'payments_worker']) {
        const client = new pg.Client({ connectionString: database.url(role) })
        await client.connect()
        try {
          await assert.rejects(client.query(forged(payment)), { code: '42501' })
          await assert.rejects(client.query('update payments set refunded = 1'), { code: '42501' })
          await assert.rejects(client.query('select settle_refunds($1)', [[payment]]), { code: '42501' })
        }
        finally {
          await client.end()
        }
      }
    })
  })
})
