import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { call } from './support/api.ts'
import { seedPayments } from './support/seed-payments.ts'
import { useApi } from './support/use-api.ts'

/** `call` also asserts that the OpenAPI document describes each response. */
describe('any input gets a documented response and never a 5xx', () => {
  const { database, api } = useApi()

  before(async () => {
    await seedPayments(database, (['completed', 'completed_with_discrepancy', 'failed', null] as const).map(result => ({ accountId: 'ACC-1', amount: '42.13', result })))
  })
  after(async () => {
    assert.deepEqual(api.log.filter(line => line.includes('"level":50')), [])
  })

  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.constantFrom('\0', '\uD800', '', '0', '-1', 'NaN', 'null', '__proto__', '\'; drop table payments; --', '9'.repeat(400)))
  const amount = fc.oneof(text, fc.double(), fc.bigInt(-(10n ** 20n), 10n ** 20n).map(String), fc.integer(), fc.constantFrom('1.005', '0.13', '-0', '1e5', '.5'))
  const body = fc.oneof(
    fc.record({ accountId: fc.oneof(text, fc.constant('ACC-1')), amount, currency: fc.constantFrom('USD', 'JPY', 'KWD', 'usd', 'XXX', ''), description: text }, { requiredKeys: [] }),
    fc.dictionary(text, fc.anything()),
    fc.anything(),
  ).map(value => JSON.stringify(value, (_key, part: unknown) => typeof part === 'bigint' ? String(part) : part) ?? 'undefined')

  it('as a body of POST /payments', async () => {
    await fc.assert(fc.asyncProperty(fc.oneof(body, text), async (sent) => {
      const { status } = await call(`${api.url}/payments`, { method: 'POST', body: sent, headers: { 'idempotency-key': randomUUID() } })
      assert.ok(status < 500, `${status} for ${sent}`)
    }), { numRuns: 500 })
  }).timeout(60_000)

  it('as query and path parameters of every list and resource', async () => {
    const value = fc.oneof(text, fc.constantFrom('ACC-1', 'pending', 'matched', 'dead', 'USD', '10', '2026-01-01T00:00:00Z', '1960-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '-000001-01-01T00:00:00Z', '99999999999999999999', 'AAAA', randomUUID(), '7', '9'.repeat(18)))
    const name = fc.constantFrom('limit', 'cursor', 'status', 'outcome', 'accountId', 'currency', 'amountFrom', 'amountTo', 'absoluteAmountFrom', 'absoluteAmountTo', 'from', 'to', 'prefix', 'at', 'after', 'x', '__proto__')
    const path = fc.oneof(
      fc.constantFrom('/payments', '/payments.csv', '/accounts', '/recon-jobs', '/accounts/ACC-1/entries', '/accounts/ACC-1/balance', '/operations'),
      fc.tuple(fc.constantFrom('/payments/', '/accounts/'), value).map(([prefix, id]) => `${prefix}${encodeURIComponent(id.toWellFormed())}`),
    )
    await fc.assert(fc.asyncProperty(path, fc.array(fc.tuple(name, value), { maxLength: 3 }), async (path, query) => {
      const search = new URLSearchParams(query).toString()
      const { status } = await call(`${api.url}${path}${search && `?${search}`}`)
      assert.ok(status < 500, `${status} for ${path}?${search}`)
    }), { numRuns: 1_000 })
  }).timeout(60_000)

  it('as headers', async () => {
    await fc.assert(fc.asyncProperty(fc.string({ unit: fc.oneof(fc.integer({ min: 0x20, max: 0x7E }), fc.integer({ min: 0xA0, max: 0xFF })).map(code => String.fromCharCode(code)), maxLength: 300 }), fc.constantFrom('idempotency-key', 'content-type', 'traceparent', 'accept'), async (value, name) => {
      const { status } = await call(`${api.url}/payments`, { body: { accountId: 'ACC-1', amount: 1 }, headers: { 'idempotency-key': randomUUID(), [name]: value } })
      assert.ok(status < 500, `${status} for ${name}: ${value}`)
    }), { numRuns: 200 })
  }).timeout(30_000)
})
