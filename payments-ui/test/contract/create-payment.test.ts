import assert from 'node:assert/strict'
import { Matchers } from '@pact-foundation/pact'
import { accepted, ACCOUNT_ID, fact, JSON_TYPE, PAYMENT_ID, problem, PROBLEM_TYPE } from './support/expected.ts'
import { clientOf, pact } from './support/pact.ts'

const { reify, regex } = Matchers

const KEY = 'a3c1f6de-0b1f-4c52-9d5e-6a1f0b7c2d11'
const anyKey = fact('idempotencyKey', KEY)
const body = { accountId: ACCOUNT_ID, amount: '100.00', currency: 'USD', description: 'Books' }
const other = { ...body, amount: '200.00' }
const call = (sent: object, idempotencyKey: string | undefined = KEY) => ({ body: JSON.stringify(sent), contentType: 'application/json', idempotencyKey })

describe('creating a payment', () => {
  it('returns the accepted payment', () => pact.addInteraction()
    .given('an idempotency key that was never used')
    .uponReceiving('a payment')
    .withRequest('POST', '/payments', request => request
      .headers({ 'Content-Type': 'application/json', 'idempotency-key': anyKey })
      .jsonBody(body))
    .willRespondWith(201, response => response
      .headers({ ...JSON_TYPE, location: regex('/payments/[0-9a-f-]{36}', `/payments/${PAYMENT_ID}`) })
      .jsonBody(accepted))
    .executeTest(async (server) => {
      const result = await clientOf(server).createPayment(call(body))
      assert.ok(result.ok)
      assert.deepEqual(result, {
        ok: true,
        status: 201,
        headers: { location: `/payments/${PAYMENT_ID}` },
        body: reify(accepted),
        text: result.text,
      })
    }))

  it('reports a replay of an earlier payment', () => pact.addInteraction()
    .given('a payment was made with an idempotency key', body)
    .uponReceiving('the same payment again')
    .withRequest('POST', '/payments', request => request
      .headers({ 'Content-Type': 'application/json', 'idempotency-key': anyKey })
      .jsonBody(body))
    .willRespondWith(201, response => response
      .headers({ ...JSON_TYPE, 'idempotent-replayed': 'true' })
      .jsonBody(accepted))
    .executeTest(async (server) => {
      const result = await clientOf(server).createPayment(call(body))
      assert.equal(result.headers['idempotent-replayed'], 'true')
      assert.ok(result.ok)
    }))

  it('reports that the key belongs to another payment', () => pact.addInteraction()
    .given('a payment was made with an idempotency key', body)
    .uponReceiving('another payment with the same idempotency key')
    .withRequest('POST', '/payments', request => request
      .headers({ 'Content-Type': 'application/json', 'idempotency-key': anyKey })
      .jsonBody(other))
    .willRespondWith(422, response => response
      .headers(PROBLEM_TYPE)
      .jsonBody(problem('idempotency-key-reused', 422)))
    .executeTest(async (server) => {
      assert.deepEqual(await clientOf(server).createPayment(call(other)), { ok: false, headers: {}, problem: reify(problem('idempotency-key-reused', 422)) })
    }))

  it('reports when to retry while the key is in use', () => pact.addInteraction()
    .given('a payment is being made with an idempotency key', body)
    .uponReceiving('a payment whose idempotency key is in use')
    .withRequest('POST', '/payments', request => request
      .headers({ 'Content-Type': 'application/json', 'idempotency-key': anyKey })
      .jsonBody(body))
    .willRespondWith(409, response => response
      .headers({ ...PROBLEM_TYPE, 'retry-after': regex('\\d+', '1') })
      .jsonBody(problem('idempotency-key-in-use', 409)))
    .executeTest(async (server) => {
      assert.deepEqual(await clientOf(server).createPayment(call(body)), { ok: false, headers: { 'retry-after': '1' }, problem: reify(problem('idempotency-key-in-use', 409)) })
    }))

  it('reports a missing key', () => pact.addInteraction()
    .uponReceiving('a payment without an idempotency key')
    .withRequest('POST', '/payments', request => request
      .headers({ 'Content-Type': 'application/json' })
      .jsonBody(body))
    .willRespondWith(400, response => response
      .headers(PROBLEM_TYPE)
      .jsonBody(problem('idempotency-key-missing', 400)))
    .executeTest(async (server) => {
      const result = await clientOf(server).createPayment({ body: JSON.stringify(body), contentType: 'application/json' })
      assert.deepEqual(result, { ok: false, headers: {}, problem: reify(problem('idempotency-key-missing', 400)) })
    }))

  for (const [field, value] of Object.entries({ amount: '100.001', accountId: 'no spaces please', currency: 'usd', description: 'x'.repeat(501) })) {
    it(`reports a wrong ${field} and points at it`, () => {
      const wrong = { ...body, [field]: value }
      const refused = problem('validation', 422, { pointer: `#/${field}` })
      return pact.addInteraction()
        .given('an idempotency key that was never used')
        .uponReceiving(`a payment with a wrong ${field}`)
        .withRequest('POST', '/payments', request => request
          .headers({ 'Content-Type': 'application/json', 'idempotency-key': anyKey })
          .jsonBody(wrong))
        .willRespondWith(422, response => response
          .headers(PROBLEM_TYPE)
          .jsonBody(refused))
        .executeTest(async (server) => {
          assert.deepEqual(await clientOf(server).createPayment(call(wrong)), { ok: false, headers: {}, problem: reify(refused) })
        })
    })
  }

  it('reports that the account holds another currency', () => {
    const euros = { ...body, accountId: fact('accountId', ACCOUNT_ID), currency: 'EUR' }
    const refused = problem('currency-mismatch', 422, { pointer: '#/currency' })
    return pact.addInteraction()
      .given('an account holds a currency', { currency: 'USD' })
      .given('an idempotency key that was never used')
      .uponReceiving('a payment in a currency that its account does not hold')
      .withRequest('POST', '/payments', request => request
        .headers({ 'Content-Type': 'application/json', 'idempotency-key': anyKey })
        .jsonBody(euros))
      .willRespondWith(422, response => response
        .headers(PROBLEM_TYPE)
        .jsonBody(refused))
      .executeTest(async (server) => {
        assert.deepEqual(await clientOf(server).createPayment(call({ ...body, currency: 'EUR' })), { ok: false, headers: {}, problem: reify(refused) })
      })
  })
})
