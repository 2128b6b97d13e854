import assert from 'node:assert/strict'
import { Matchers } from '@pact-foundation/pact'
import { expectProblem, expectResponse } from './support/expect-response.ts'
import { accepted, ACCOUNT_ID, cursor, disputed, fact, matched, PAYMENT_ID, pending, settledDetail, stuck, waitingDetail } from './support/expected.ts'
import { clientOf, pact } from './support/pact.ts'

const { eachLike, nullValue, regex, string } = Matchers

const accountId = fact('accountId', ACCOUNT_ID)
const onePayment = fact('paymentId', PAYMENT_ID, id => `/payments/${id}`)
const settledPayments = (...amounts: string[]): [string, { amounts: string[] }] => ['payments of an account have settled', { amounts }]

describe('listing payments', () => {
  it('shows the newest', () => expectResponse({
    given: settledPayments('100.00'),
    description: 'the newest payments',
    path: '/payments',
    query: { limit: '1' },
    call: client => client.listPayments(new URLSearchParams({ limit: '1' })),
  }, { payments: eachLike({ ...accepted, status: string('completed') }), nextCursor: cursor }))

  it('shows those that match every filter, with what reconciliation found', () => {
    const filters = { status: 'completed', outcome: 'matched', currency: 'USD', amountFrom: '50', amountTo: '150.00', absoluteAmountFrom: '50', absoluteAmountTo: '150.00' }
    const [from, to] = ['2026-11-23T00:00:00.000Z', '2026-11-24T00:00:00.000Z']
    return expectResponse({
      given: settledPayments('100.00'),
      description: 'the payments that match filters',
      path: '/payments',
      query: { ...filters, accountId, from: fact('from', from), to: fact('to', to) },
      call: client => client.listPayments(new URLSearchParams({ ...filters, accountId: ACCOUNT_ID, from, to })),
    }, { payments: eachLike(matched), nextCursor: nullValue() })
  })

  it('finds a payment by its idempotency key', () => expectResponse({
    given: ['a payment was made with an idempotency key', { accountId: ACCOUNT_ID, amount: '100.00' }],
    description: 'the payments with an idempotency key',
    path: '/payments',
    query: { idempotencyKey: fact('idempotencyKey', PAYMENT_ID) },
    call: client => client.listPayments(new URLSearchParams({ idempotencyKey: PAYMENT_ID })),
  }, { payments: eachLike(pending), nextCursor: nullValue() }))

  it('shows discrepancies', () => expectResponse({
    given: settledPayments('42.13'),
    description: 'the payments of an account that have a discrepancy',
    path: '/payments',
    query: { accountId, outcome: 'discrepancy' },
    call: client => client.listPayments(new URLSearchParams({ accountId: ACCOUNT_ID, outcome: 'discrepancy' })),
  }, { payments: eachLike(disputed), nextCursor: nullValue() }))

  it('shows those that have not settled yet', () => expectResponse({
    given: ['a payment is waiting'],
    description: 'the payments of an account that are pending',
    path: '/payments',
    query: { accountId, status: 'pending' },
    call: client => client.listPayments(new URLSearchParams({ accountId: ACCOUNT_ID, status: 'pending' })),
  }, { payments: eachLike(pending), nextCursor: nullValue() }))

  it('shows those whose job is dead', () => expectResponse({
    given: ['a payment was given up'],
    description: 'the payments of an account whose job is dead',
    path: '/payments',
    query: { accountId, jobDead: 'true' },
    call: client => client.listPayments(new URLSearchParams({ accountId: ACCOUNT_ID, jobDead: 'true' })),
  }, { payments: eachLike(stuck), nextCursor: nullValue() }))

  it('continues where a page ended', () => expectResponse({
    given: settledPayments('100.00', '250.00'),
    description: 'the payments after a page',
    path: '/payments',
    query: { accountId, cursor: fact('paymentsCursor', PAYMENT_ID) },
    call: client => client.listPayments(new URLSearchParams({ accountId: ACCOUNT_ID, cursor: PAYMENT_ID })),
  }, { payments: eachLike(matched), nextCursor: nullValue() }))

  it('reports which filter is wrong', () => expectProblem({
    description: 'payments by a status that there is not',
    path: '/payments',
    query: { status: 'lost' },
    call: client => client.listPayments(new URLSearchParams({ status: 'lost' })),
  }, 'invalid-parameter', 400, { parameter: 'status' }))

  it('exports them as CSV', () => pact.addInteraction()
    .given(...settledPayments('100.00'))
    .uponReceiving('the payments of an account as CSV')
    .withRequest('GET', '/payments.csv', request => request
      .query({ accountId })
      .headers({ accept: 'text/csv' }))
    .willRespondWith(200, response => response
      .headers({ 'Content-Type': regex('text/csv(;.*)?', 'text/csv') }))
    .executeTest(async (server) => {
      const result = await clientOf(server).exportPayments(new URLSearchParams({ accountId: ACCOUNT_ID }), AbortSignal.timeout(30_000))
      assert.ok(result.ok)
      await result.body.cancel()
    }))
})

describe('one payment', () => {
  const call: Parameters<typeof expectResponse>[0]['call'] = client => client.findPayment(PAYMENT_ID)

  it('shows its reconciliation, job and entries once it has settled', () => expectResponse({
    given: settledPayments('42.13'),
    description: 'a payment that has settled with a discrepancy',
    path: onePayment,
    call,
  }, settledDetail))

  it('shows that it is waiting', () => expectResponse({
    given: ['a payment is waiting'],
    description: 'a payment that has not settled',
    path: onePayment,
    call,
  }, waitingDetail))

  it('is reported as not found if it does not exist', () => expectProblem({
    description: 'a payment that there is not',
    path: `/payments/${PAYMENT_ID}`,
    call,
  }, 'not-found', 404))

  it('is refused if its id is not a UUID', () => expectProblem({
    description: 'a payment by what is no id',
    path: '/payments/nonsense',
    call: client => client.findPayment('nonsense'),
  }, 'invalid-parameter', 400, { parameter: 'id' }))
})
