import type { Api, ApiResponse } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import type { Made } from './support/refunds.ts'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { call, startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'
import { pay, refund } from './support/refunds.ts'
import { settleAll } from './support/settle.ts'
import { waitFor } from './support/wait-for.ts'

/** Replaces the role's lock_timeout of 2 s. */
const LOCK_TIMEOUT_MS = 1_000
/** A busy machine refuses some requests: they are repeated, as the problem says. */
const MAY_RETRY = ['/problems/overloaded', '/problems/unavailable', '/problems/idempotency-key-in-use']

describe('refunds through two API processes', () => {
  let database: TestDatabase
  let apis: Api[]

  before(async () => {
    database = await createDatabase()
    const [{ name }] = await database.sql('select current_database() as name') as [{ name: string }]
    await database.sql(`alter role payments_api in database ${name} set lock_timeout = '${LOCK_TIMEOUT_MS}ms'`)
    apis = await Promise.all([startApi(database.url('payments_api')), startApi(database.url('payments_api'))])
  })
  after(async () => {
    await Promise.all(apis?.map(api => api.stop()) ?? [])
    await database?.drop()
  })

  const url = (i: number): string => apis[i % apis.length]!.url
  async function paid(amount: string): Promise<string> {
    const { body } = await pay(url(0), { accountId: `ACC-${randomUUID().slice(0, 8)}`, amount })
    await settleAll(database)
    return body.id
  }
  /** Repeats a request until it has an outcome that will not change. */
  async function persistently(request: (attempt: number) => Promise<ApiResponse<Made>>): Promise<ApiResponse<Made>> {
    const deadline = Date.now() + 30_000
    for (let attempt = 0; ; attempt++) {
      const response = await request(attempt).catch((error: unknown) => error as Error)
      if (!(response instanceof Error) && !MAY_RETRY.includes(response.body.type ?? ''))
        return response
      assert.ok(Date.now() < deadline, `still ${response instanceof Error ? response.message : response.text}`)
    }
  }
  interface Sums { status: string, refunded: string | null, reserved: string | null, refunds: number, sum: string | null, balance: string, unposted: number }
  /** A payment and its account as the database has them, once its refunds have settled. */
  const settled = async (paymentId: string): Promise<Sums> => {
    await settleAll(database)
    return (await database.sql<Sums>(`
      select p.status, p.refunded, p.refund_reserved as reserved, count(r.id)::int as refunds, sum(r.amount)::text as sum, a.balance,
             count(r.id) filter (where (select count(*) from ledger_entries e where e.payment_id = r.id) <> 2)::int as unposted
        from payments p
        join accounts a on a.id = p.account_id
        left join payments r on r.refund_of = p.id
       where p.id = $1
       group by p.id, a.id`, [paymentId]))[0]!
  }

  it('never exceed their payment by a cent when 50 callers race for it, and those accepted are all posted', async () => {
    const paymentId = await paid('100.00')
    const responses = await Promise.all(Array.from({ length: 50 }, (_, i) => {
      const key = randomUUID()
      return persistently(() => refund(url(i), paymentId, { amount: ((i * 37 % 50 + 1) * 17 / 100).toFixed(2) }, key))
    }))
    const accepted = responses.filter(({ status }) => status === 201)
    assert.deepEqual(new Set(responses.map(({ body }) => body.type)), new Set([undefined, '/problems/refund-exceeds-payment']))
    const cents = accepted.reduce((sum, { body }) => sum + Math.round(Number(body.amount) * 100), 0)
    assert.ok(cents <= 10_000 && cents > 9_000, `${cents} cents`)
    const { refunds, ...row } = await settled(paymentId)
    const sum = (cents / 100).toFixed(2)
    assert.equal(refunds, accepted.length)
    assert.deepEqual(row, { status: cents === 10_000 ? 'refunded' : 'partially_refunded', refunded: sum, reserved: sum, sum, balance: ((10_000 - cents) / 100).toFixed(2), unposted: 0 })
  })

  it('give all that is left to one of 50 callers who ask for it', async () => {
    const paymentId = await paid('0.07')
    const responses = await Promise.all(Array.from({ length: 50 }, (_, i) => {
      const key = randomUUID()
      return persistently(() => refund(url(i), paymentId, {}, key))
    }))
    assert.deepEqual(responses.filter(({ status }) => status === 201).map(({ body }) => body.amount), ['0.07'])
    assert.deepEqual(new Set(responses.filter(({ status }) => status !== 201).map(({ body }) => body.type)), new Set(['/problems/payment-not-refundable']))
    assert.deepEqual(await settled(paymentId), { status: 'refunded', refunded: '0.07', reserved: '0.07', refunds: 1, sum: '0.07', balance: '0.00', unposted: 0 })
  })

  it('are one when 200 requests race for one key', async () => {
    const [paymentId, key] = [await paid('100.00'), randomUUID()]
    const responses = await Promise.all(Array.from({ length: 200 }, (_, i) => persistently(attempt => refund(url(i + attempt), paymentId, { amount: '1.00' }, key))))
    assert.deepEqual(new Set(responses.map(({ status, body }) => body.type ?? status)), new Set([201]))
    assert.equal(new Set(responses.map(({ text }) => text)).size, 1)
    assert.equal((await settled(paymentId)).refunds, 1)
  })

  it('are replayed byte for byte from any process, also once nothing is left', async () => {
    const paymentId = await paid('100.00')
    const [partKey, restKey] = [randomUUID(), randomUUID()]
    const part = await refund(url(0), paymentId, { amount: 40, reason: 'part' }, partKey)
    const rest = await refund(url(0), paymentId, {}, restKey)
    await settleAll(database)
    assert.equal((await refund(url(0), paymentId, {})).body.type, '/problems/payment-not-refundable')
    for (const api of [0, 1]) {
      for (const [first, body, key] of [[part, '{"reason":"part","amount":"40.0"}', partKey], [part, { amount: '40.00', reason: 'part' }, `"${partKey}"`], [rest, '', restKey], [rest, { reason: '' }, restKey]] as const) {
        const again = body === ''
          ? await call<Made>(`${url(api)}/payments/${paymentId.toUpperCase()}/refunds`, { method: 'POST', headers: { 'idempotency-key': key } })
          : await refund(url(api), paymentId, body, key)
        assert.deepEqual([again.status, again.text, again.headers.get('location'), again.headers.get('idempotent-replayed')], [201, first.text, first.headers.get('location'), 'true'])
      }
    }
    assert.equal((await settled(paymentId)).refunds, 2)
  })

  it('are refused with 422 if their key belongs to another refund or a payment, and so is a payment if its key belongs to a refund', async () => {
    const [one, other] = [await paid('100.00'), await paid('100.00')]
    const [refundKey, restKey, paymentKey] = [randomUUID(), randomUUID(), randomUUID()]
    await refund(url(0), one, { amount: '10.00', reason: 'r' }, refundKey)
    await refund(url(0), one, {}, restKey)
    await pay(url(0), {}, paymentKey)
    const isRefund = (await database.sql<{ id: string }>('select id from payments where idempotency_key = $1', [refundKey]))[0]!.id
    const responses = await Promise.all([
      refund(url(1), one, { amount: '10.01', reason: 'r' }, refundKey),
      refund(url(1), one, { amount: '10.00' }, refundKey),
      refund(url(1), other, { amount: '10.00', reason: 'r' }, refundKey),
      refund(url(1), one, { reason: 'r' }, refundKey),
      refund(url(1), one, { amount: '90.00' }, restKey), // the amount that "all" stood for is another request
      refund(url(1), one, { amount: '1000.00', reason: 'r' }, refundKey), // more than is left
      refund(url(1), randomUUID(), { amount: '10.00', reason: 'r' }, refundKey),
      refund(url(1), isRefund, { amount: '10.00', reason: 'r' }, refundKey),
      refund(url(1), one, { amount: '1.00' }, paymentKey),
      pay(url(1), { amount: '10.00', description: 'r' }, refundKey),
    ])
    assert.deepEqual(responses.map(({ status, body }) => [status, body.type]), responses.map(() => [422, '/problems/idempotency-key-reused']))
    assert.deepEqual(await database.sql('select from payments where refund_of = $1', [other]), [])
  })

  it('leave their key free if they are refused', async () => {
    const [paymentId, key] = [await paid('100.00'), randomUUID()]
    for (const amount of ['100.01', '0', 'much'])
      assert.ok([409, 422].includes((await refund(url(0), paymentId, { amount }, key)).status))
    const { status, headers } = await refund(url(1), paymentId, { amount: 1 }, key)
    assert.deepEqual([status, headers.get('idempotent-replayed')], [201, null])
  })

  describe('while another transaction holds a lock', () => {
    let rival: pg.Client

    beforeEach(async () => {
      rival = new pg.Client({ connectionString: database.url() })
      await rival.connect()
      await rival.query('begin')
    })
    afterEach(() => rival?.end())

    it('get 503 within bounds if it is that of their payment, and other refunds, replays and payments do not wait', async () => {
      // A locked payment takes one of two lanes, by the last digit of its id.
      const [locked, free] = await paidInBothLanes()
      const key = randomUUID()
      const { text } = await refund(url(0), locked, { amount: 1 }, key)
      await rival.query('select from payments where id = $1 for update', [locked])
      const startedAt = Date.now()
      let isWaiting = true
      const waiting = refund(url(0), locked, { amount: 2 }).finally(() => isWaiting = false)
      const [other, replayed, payment] = await Promise.all([refund(url(0), free, { amount: 2 }), refund(url(0), locked, { amount: 1 }, key), pay(url(0))])
      assert.equal(isWaiting, true)
      const waited = await waiting
      assert.deepEqual([waited.status, waited.body.type, waited.headers.get('retry-after')], [503, '/problems/unavailable', '1'])
      assert.ok(Date.now() - startedAt < LOCK_TIMEOUT_MS + 3_000)
      assert.deepEqual([other.status, replayed.text, payment.status], [201, text, 201])
      await rival.query('rollback')
      assert.equal((await settled(locked)).refunds, 1)
    })

    it('get 409 within bounds if it is that of a payment with the same key', async () => {
      const [paymentId, key] = [await paid('100.00'), randomUUID()]
      await rival.query(`
        insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
        values (gen_random_uuid(), 'anonymous', $1, sha256(''), 'ACC-REFUND', 'USD', 1.00, '', now(), now())`, [key])
      const { status, body, headers } = await refund(url(0), paymentId, { amount: 1 }, key)
      assert.deepEqual([status, body.type, headers.get('retry-after')], [409, '/problems/idempotency-key-in-use', '1'])
      await rival.query('rollback')
      assert.equal((await refund(url(0), paymentId, { amount: 1 }, key)).status, 201)
    })

    async function paidInBothLanes(): Promise<[string, string]> {
      const odd = (id: string): boolean => Number.parseInt(id.slice(-1), 16) % 2 === 1
      const first = await paid('100.00')
      for (;;) {
        const second = await paid('100.00')
        if (odd(second) !== odd(first))
          return [first, second]
      }
    }
  })

  it('are made once when their connection is lost while they are written', async () => {
    const [paymentId, key] = [await paid('100.00'), randomUUID()]
    const rival = new pg.Client({ connectionString: database.url() })
    await rival.connect()
    try {
      await rival.query('begin')
      await rival.query('select from payments where id = $1 for update', [paymentId])
      const response = refund(url(0), paymentId, { amount: 1 }, key)
      await waitFor('the write waits', async () => (await database.sql(`select from pg_stat_activity where application_name = 'payments-api write' and wait_event_type = 'Lock'`)).length > 0)
      await database.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'payments-api write' and wait_event_type = 'Lock'`)
      await rival.query('rollback')
      const { status, headers } = await response
      assert.deepEqual([status, headers.get('idempotent-replayed')], [201, null])
      assert.equal((await settled(paymentId)).refunds, 1)
    }
    finally {
      await rival.end()
    }
  })

  it('are neither lost nor doubled when a process is killed while they are posted', async () => {
    const paymentId = await paid('100.00')
    const doomed = await startApi(database.url('payments_api'))
    const keys = Array.from({ length: 40 }, () => randomUUID())
    let acknowledged = 0
    const responses = Promise.all(keys.map(key => persistently(async (attempt) => {
      const response = await refund(attempt === 0 ? doomed.url : url(attempt), paymentId, { amount: '0.50' }, key)
      if (attempt === 0 && ++acknowledged === 10)
        doomed.process.kill('SIGKILL')
      return response
    })))
    try {
      const replays = (await responses).filter(({ status, headers }) => status === 201 && headers.get('idempotent-replayed') === 'true').length
      assert.ok(replays <= 30)
      assert.deepEqual(new Set((await responses).map(({ status }) => status)), new Set([201]))
      assert.equal(doomed.process.killed, true)
    }
    finally {
      doomed.process.kill('SIGKILL')
    }
    const ids = (await responses).map(({ body }) => body.id)
    assert.equal(new Set(ids).size, 40)
    assert.deepEqual(await settled(paymentId), { status: 'partially_refunded', refunded: '20.00', reserved: '20.00', refunds: 40, sum: '20.00', balance: '80.00', unposted: 0 })
  })
})
