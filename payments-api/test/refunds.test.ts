import type { Made } from './support/refunds.ts'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { call } from './support/api.ts'
import { pay, refund } from './support/refunds.ts'
import { settleAll } from './support/settle.ts'
import { useApi } from './support/use-api.ts'

interface Detail extends Made {
  outcome: string | null
  refundedAmount: string
  refundableAmount: string
  refunds: (Made & { outcome: string | null, discrepancyAmount: string | null, reason: string })[]
  moreRefunds: boolean
}

describe('a refund', () => {
  const { database, api } = useApi()

  async function paid(amount = '100.00', currency = 'USD'): Promise<string> {
    const { body } = await pay(api.url, { accountId: `ACC-${randomUUID().slice(0, 8)}`, amount, currency })
    await settleAll(database)
    return body.id
  }
  const detail = async (paymentId: string): Promise<Detail> => (await call<Detail>(`${api.url}/payments/${paymentId}`)).body
  const balanceOf = async (paymentId: string): Promise<string | undefined> =>
    (await database.sql<{ balance: string }>('select a.balance from accounts a join payments p on p.account_id = a.id where p.id = $1', [paymentId]))[0]?.balance

  it('of a part leaves the rest, and a refund without an amount takes it', async () => {
    const paymentId = await paid()
    const first = await refund(api.url, paymentId, { amount: '30.00', reason: 'Returned' })
    assert.equal(first.headers.get('location'), `/refunds/${first.body.id}`)
    const { createdAt, ...body } = first.body as Made & { createdAt: string, accountId: string }
    assert.deepEqual(body, { id: body.id, paymentId, accountId: body.accountId, amount: '30.00', currency: 'USD', reason: 'Returned', status: 'pending' })
    assert.ok(Math.abs(Date.parse(createdAt) - Date.now()) < 60_000)

    const queued = await detail(paymentId)
    assert.deepEqual([queued.status, queued.refundedAmount, queued.refundableAmount], ['completed', '0.00', '70.00'])
    await settleAll(database)
    const part = await detail(paymentId)
    assert.deepEqual([part.status, part.refundedAmount, part.refundableAmount], ['partially_refunded', '30.00', '70.00'])

    const rest = await refund(api.url, paymentId)
    assert.deepEqual([rest.status, rest.body.amount], [201, '70.00'])
    await settleAll(database)
    const all = await detail(paymentId)
    assert.deepEqual([all.status, all.outcome, all.refundedAmount, all.refundableAmount, all.moreRefunds], ['refunded', 'matched', '100.00', '0.00', false])
    assert.deepEqual(all.refunds.map(({ id, amount, status, outcome, reason }) => [id, amount, status, outcome, reason]), [
      [rest.body.id, '70.00', 'completed', 'matched', ''],
      [first.body.id, '30.00', 'completed', 'matched', 'Returned'],
    ])
    assert.equal(await balanceOf(paymentId), '0.00')
  })

  it('is posted as the payment\'s posting with its sides swapped, and found under its own id only', async () => {
    const paymentId = await paid()
    const { body: { id } } = await refund(api.url, paymentId, { amount: 25 })
    const pending = await call<{ entries: unknown[], job: { status: string } }>(`${api.url}/refunds/${id}`)
    assert.deepEqual([pending.body.entries, pending.body.job.status], [[], 'pending'])
    await settleAll(database)
    const { body } = await call<Made & { paymentId: string, entries: Record<string, unknown>[] }>(`${api.url}/refunds/${id}`)
    assert.deepEqual([body.paymentId, body.status], [paymentId, 'completed'])
    assert.deepEqual(body.entries.map(({ paymentId, refundId, entryType, amount, balanceAfter }) => ({ paymentId, refundId, entryType, amount, balanceAfter })), [
      { paymentId, refundId: id, entryType: 'debit', amount: '25.00', balanceAfter: '75.00' },
      { paymentId, refundId: id, entryType: 'credit', amount: '25.00', balanceAfter: body.entries[1]!.balanceAfter },
    ])
    for (const [path, named] of [[`payments/${id}`, `/refunds/${id}`], [`refunds/${paymentId}`, `/payments/${paymentId}`], [`refunds/${randomUUID()}`, 'There is no refund']] as const) {
      const { status, body } = await call<Made>(`${api.url}/${path}`)
      assert.equal(status, 404)
      assert.ok(body.detail.includes(named), body.detail)
    }
  })

  for (const [amount, currency, part, rest] of [
    ['100', 'JPY', '99', '1'],
    ['0.03', 'USD', '0.01', '0.02'],
    ['900719925474099.13', 'USD', '900719925474098.14', '0.99'],
    ['1.001', 'KWD', '0.002', '0.999'],
    ['0.0003', 'CLF', '0.0001', '0.0002'],
  ] as const) {
    it(`is exact to the smallest unit: ${part} of ${amount} ${currency}`, async () => {
      if (currency === 'CLF') // a fund, which only an earlier version accepted
        await database.sql(`select open_account('ACC-CLF', 'CLF')`)
      const paymentId = currency === 'CLF' ? await insertPaid('ACC-CLF', amount, currency) : await paid(amount, currency)
      assert.equal((await refund(api.url, paymentId, { amount: part })).body.amount, part)
      assert.equal((await refund(api.url, paymentId)).body.amount, rest)
      await settleAll(database)
      const { status, refundedAmount, refundableAmount } = await detail(paymentId)
      assert.deepEqual([status, refundedAmount, Number(refundableAmount)], ['refunded', amount, 0])
      assert.equal(Number(await balanceOf(paymentId)), 0)
    })
  }

  it('has no more decimals than its payment, and the 422 names the field', async () => {
    for (const [currency, paidAmount, amount, reason] of [['JPY', '100', '1.5', 'must have no decimals in this currency'], ['USD', '100.00', '1.001', 'must have at most 2 decimals in this currency']] as const) {
      const { status, body } = await refund(api.url, await paid(paidAmount, currency), { amount })
      assert.deepEqual([status, body.type, body.errors], [422, '/problems/validation', [{ pointer: '#/amount', detail: reason }]])
    }
  })

  it('with the fraction .13 completes with a discrepancy, and so does one of a payment with a discrepancy without it', async () => {
    const paymentId = await paid('42.13')
    await refund(api.url, paymentId, { amount: '12.13' })
    await refund(api.url, paymentId, { amount: '30.00' })
    await settleAll(database)
    const { status, outcome, refunds } = await detail(paymentId)
    assert.deepEqual([status, outcome], ['refunded', 'discrepancy'])
    assert.deepEqual(refunds.map(each => [each.amount, each.status, each.outcome, each.discrepancyAmount]), [['30.00', 'completed', 'matched', null], ['12.13', 'completed', 'discrepancy', '0.13']])
    assert.equal(await balanceOf(paymentId), '0.00')
  })

  it('is refused with 409 by the payment\'s status, which the problem gives with what is left', async () => {
    const { body: { id: pending } } = await pay(api.url)
    const waiting = await refund(api.url, pending)
    const failed = await paid('-5.00')
    const refunded = await paid()
    await refund(api.url, refunded)
    const queued = await refund(api.url, refunded)
    await settleAll(database)
    for (const [response, status, left, says] of [
      [waiting, 'pending', '0.00', /is pending.*wait/],
      [await refund(api.url, failed, { amount: 1 }), 'failed', '0.00', /failed/],
      [queued, 'completed', '0.00', /not all settled/],
      [await refund(api.url, refunded), 'refunded', '0.00', /in full/],
      [await refund(api.url, refunded, { amount: '0.01' }), 'refunded', '0.00', /in full/],
    ] as const) {
      const { type, paymentStatus, left: rest, detail } = response.body
      assert.deepEqual([response.status, type, paymentStatus, rest, response.headers.get('retry-after')], [409, '/problems/payment-not-refundable', status, left, null])
      assert.match(detail, says)
    }
    assert.deepEqual(await database.sql('select from payments where refund_of = any($1)', [[pending, failed]]), [])
  })

  it('of more than is left is refused with 409, which gives what is left; queued refunds count', async () => {
    const paymentId = await paid()
    assert.equal((await refund(api.url, paymentId, { amount: '99.99' })).status, 201)
    for (const [amount, status] of [['100.00', 'completed'], ['0.02', 'completed'], ['0.02', 'partially_refunded']] as const) {
      if (status === 'partially_refunded')
        await settleAll(database)
      const { status: code, body } = await refund(api.url, paymentId, { amount })
      assert.deepEqual([code, body.type, body.paymentStatus, body.left], [409, '/problems/refund-exceeds-payment', status, '0.01'])
      assert.match(body.detail, /0\.01 USD/)
    }
    assert.equal((await refund(api.url, paymentId, { amount: '0.01' })).status, 201)
  })

  it('of an unknown payment, or of a refund, is a 404', async () => {
    const { body: { id } } = await refund(api.url, await paid())
    for (const [paymentId, says] of [[randomUUID(), /There is no payment/], [id, /is a refund, which cannot be refunded/]] as const) {
      const { status, body } = await refund(api.url, paymentId, { amount: 1 })
      assert.deepEqual([status, body.type], [404, '/problems/not-found'])
      assert.match(body.detail, says)
    }
  })

  for (const [body, pointer, says] of [
    ['{"amount":0}', '#/amount', /greater than 0/],
    ['{"amount":"-1.00"}', '#/amount', /greater than 0/],
    ['{"amount":"0.0000"}', '#/amount', /greater than 0/],
    ['{"amount":"1e2"}', '#/amount', /plain decimal number/],
    ['{"amount":1e2}', '#/amount', /plain decimal number/],
    ['{"amount":"1.00001"}', '#/amount', /at most 4 decimals/],
    ['{"amount":"1234567890123456"}', '#/amount', /at most 15 digits/],
    ['{"amount":null}', '#/amount', /number or a decimal string/],
    ['{"amount":["1"]}', '#/amount', /number or a decimal string/],
    ['{"reason":7}', '#/reason', /must be a string/],
    [`{"reason":"${'x'.repeat(501)}"}`, '#/reason', /at most 500 characters/],
    ['{"currency":"USD"}', '#/currency', /is not a field here/],
    ['[]', '#', /JSON object/],
    ['7', '#', /JSON object/],
  ] as const) {
    it(`with the body ${body.slice(0, 40)} is a 422 that points to ${pointer}`, async () => {
      const { status, body: problem } = await refund(api.url, await paid(), body)
      assert.deepEqual([status, problem.type, problem.errors?.map(error => error.pointer)], [422, '/problems/validation', [pointer]])
      assert.match(problem.errors![0]!.detail, says)
    })
  }

  it('needs no body, but a key, a payment id that is a UUID, and no parameters', async () => {
    const paymentId = await paid()
    const url = `${api.url}/payments/${paymentId}/refunds`
    for (const [path, key, status, type] of [
      [url, '', 400, 'idempotency-key-missing'],
      [url, 'a b', 400, 'idempotency-key-malformed'],
      [`${url}?amount=1`, 'k', 400, 'invalid-parameter'],
      [`${api.url}/payments/1/refunds`, 'k', 400, 'invalid-parameter'],
      [`${api.url}/payments/${paymentId}0/refunds`, 'k', 400, 'invalid-parameter'],
    ] as const) {
      const response = await call<Made>(path, { method: 'POST', headers: key ? { 'idempotency-key': key } : {} })
      assert.deepEqual([response.status, response.body.type], [status, `/problems/${type}`], path)
    }
    assert.equal((await call(`${api.url}/refunds/1`)).status, 400)
    assert.equal((await call<Made>(url.toUpperCase().replace(/^.*\/PAYMENTS\/(.*)\/REFUNDS$/, `${api.url}/payments/$1/refunds`), { method: 'POST', headers: { 'idempotency-key': randomUUID() } })).body.amount, '100.00')
  })

  it('keeps its reason as it was sent, whatever characters it has', async () => {
    const reason = 'a "quoted" \\ text\n\twith \u0001\u001F\u007F\u2028, é and 💶'
    const [paymentId, key] = [await paid(), randomUUID()]
    const first = await refund(api.url, paymentId, { amount: 1, reason }, key)
    assert.equal((first.body as Made & { reason: string }).reason, reason)
    assert.equal((await refund(api.url, paymentId, { amount: '1.00', reason }, key)).text, first.text)
  })

  it('comes with its payment among the newest 100, and the payment says that there are more', async () => {
    const paymentId = await paid('1.02')
    const ids: string[] = []
    for (let i = 0; i < 102; i++)
      ids.unshift((await refund(api.url, paymentId, { amount: '0.01' })).body.id)
    const { refunds, moreRefunds, refundableAmount } = await detail(paymentId)
    assert.deepEqual([refunds.map(({ id }) => id), moreRefunds, refundableAmount], [ids.slice(0, 100), true, '0.00'])
  })

  /** A completed payment as an earlier version left it. */
  async function insertPaid(accountId: string, amount: string, currency: string): Promise<string> {
    const id = randomUUID()
    await database.sql(`
      insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
      values ($1::uuid, 'test', $1::uuid::text, sha256(''), $2, $3, $4, '', now(), now())`, [id, accountId, currency, amount])
    await settleAll(database)
    return id
  }
})
