import assert from 'node:assert/strict'
import { Matchers } from '@pact-foundation/pact'
import { expectProblem, expectResponse } from './support/expect-response.ts'
import { acceptedRefund, amount, fact, JSON_TYPE, partlyRefundedDetail, PAYMENT_ID, problem, PROBLEM_TYPE, REFUND_ID, settledRefundDetail, waitingRefundDetail } from './support/expected.ts'
import { clientOf, pact } from './support/pact.ts'

const { reify, regex } = Matchers

const KEY = 'a3c1f6de-0b1f-4c52-9d5e-6a1f0b7c2d11'
const body = { amount: '30.00', reason: 'Returned goods' }
const refunds = fact('paymentId', PAYMENT_ID, id => `/payments/${id}/refunds`)
const call = (sent: object) => ({ body: JSON.stringify(sent), contentType: 'application/json', idempotencyKey: KEY })

/** A refund as the console requests it. */
function requested(description: string, sent: object, ...states: [string, Record<string, string[] | string>?][]) {
  const interaction = pact.addInteraction()
  for (const state of states)
    interaction.given(...state)
  return interaction
    .uponReceiving(description)
    .withRequest('POST', refunds, request => request
      .headers({ 'Content-Type': 'application/json', 'idempotency-key': fact('idempotencyKey', KEY) })
      .jsonBody(sent))
}

const settled: [string, { amounts: string[] }] = ['payments of an account have settled', { amounts: ['100.00'] }]
const newKey: [string] = ['an idempotency key that was never used']

describe('refunding a payment', () => {
  it('returns the accepted refund', () => requested('a refund', body, settled, newKey)
    .willRespondWith(201, response => response
      .headers({ ...JSON_TYPE, location: regex('/refunds/[0-9a-f-]{36}', `/refunds/${REFUND_ID}`) })
      .jsonBody(acceptedRefund))
    .executeTest(async (server) => {
      const result = await clientOf(server).createRefund(PAYMENT_ID, call(body))
      assert.ok(result.ok)
      assert.deepEqual(result, { ok: true, status: 201, headers: { location: `/refunds/${REFUND_ID}` }, body: reify(acceptedRefund), text: result.text })
    }))

  it('reports a replay of an earlier refund', () => requested('the same refund again', body, ['a refund of a payment waits', body])
    .willRespondWith(201, response => response
      .headers({ ...JSON_TYPE, 'idempotent-replayed': 'true' })
      .jsonBody(acceptedRefund))
    .executeTest(async (server) => {
      const result = await clientOf(server).createRefund(PAYMENT_ID, call(body))
      assert.equal(result.headers['idempotent-replayed'], 'true')
      assert.ok(result.ok)
    }))

  const refusals: [what: string, sent: object, refused: object, status: number, ...states: [string, Record<string, string[] | string>?][]][] = [
    ['of more than is left, and says what is', { ...body, amount: '100.01' }, { ...problem('refund-exceeds-payment', 409), left: amount('100.00') }, 409, settled, newKey],
    ['of a payment that has not settled', body, { ...problem('payment-not-refundable', 409), left: amount('0.00') }, 409, ['a payment is waiting'], newKey],
    ['under the key of another refund', { ...body, amount: '20.00' }, problem('idempotency-key-reused', 422), 422, ['a refund of a payment waits', body]],
    ['with more decimals than its currency has', { ...body, amount: '1.001' }, problem('validation', 422, { pointer: '#/amount' }), 422, settled, newKey],
    ['of nothing', { ...body, amount: '0.00' }, problem('validation', 422, { pointer: '#/amount' }), 422, settled, newKey],
    ['with a reason that is too long', { ...body, reason: 'x'.repeat(501) }, problem('validation', 422, { pointer: '#/reason' }), 422, settled, newKey],
  ]
  for (const [what, sent, refused, status, ...states] of refusals) {
    it(`refuses one ${what}`, () => requested(`a refund ${what}`, sent, ...states)
      .willRespondWith(status, response => response
        .headers(PROBLEM_TYPE)
        .jsonBody(refused))
      .executeTest(async (server) => {
        assert.deepEqual(await clientOf(server).createRefund(PAYMENT_ID, call(sent)), { ok: false, headers: {}, problem: reify(refused) })
      }))
  }

  it('is refused for a payment that there is not', () => pact.addInteraction()
    .given(...newKey)
    .uponReceiving('a refund of a payment that there is not')
    .withRequest('POST', `/payments/${PAYMENT_ID}/refunds`, request => request
      .headers({ 'Content-Type': 'application/json', 'idempotency-key': fact('idempotencyKey', KEY) })
      .jsonBody(body))
    .willRespondWith(404, response => response
      .headers(PROBLEM_TYPE)
      .jsonBody(problem('not-found', 404)))
    .executeTest(async (server) => {
      assert.deepEqual(await clientOf(server).createRefund(PAYMENT_ID, call(body)), { ok: false, headers: {}, problem: reify(problem('not-found', 404)) })
    }))

  it('leaves its payment partially refunded, with the rest to refund', () => expectResponse({
    given: ['a refund of a payment has settled'],
    description: 'a payment that is refunded in part',
    path: fact('paymentId', PAYMENT_ID, id => `/payments/${id}`),
    call: client => client.findPayment(PAYMENT_ID),
  }, partlyRefundedDetail))
})

describe('one refund', () => {
  const oneRefund = fact('refundId', REFUND_ID, id => `/refunds/${id}`)

  it('shows its reconciliation, job and entries once it has settled', () => expectResponse({
    given: ['a refund of a payment has settled'],
    description: 'a refund that has settled',
    path: oneRefund,
    call: client => client.findRefund(REFUND_ID),
  }, settledRefundDetail))

  it('shows that it is waiting', () => expectResponse({
    given: ['a refund of a payment waits'],
    description: 'a refund that has not settled',
    path: oneRefund,
    call: client => client.findRefund(REFUND_ID),
  }, waitingRefundDetail))

  it('is reported as not found if it does not exist', () => expectProblem({
    description: 'a refund that there is not',
    path: `/refunds/${REFUND_ID}`,
    call: client => client.findRefund(REFUND_ID),
  }, 'not-found', 404))

  it('is refused if its id is not a UUID', () => expectProblem({
    description: 'a refund by what is no id',
    path: '/refunds/nonsense',
    call: client => client.findRefund('nonsense'),
  }, 'invalid-parameter', 400, { parameter: 'id' }))
})
