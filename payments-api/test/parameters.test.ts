import type { ApiResponse } from './support/api.ts'
import assert from 'node:assert/strict'
import { openApiText } from '../scripts/write-openapi.ts'
import { call } from './support/api.ts'
import { openStream } from './support/event-stream.ts'
import { seedPayments } from './support/seed-payments.ts'
import { useApi } from './support/use-api.ts'

interface Problem { type: string, detail: string, errors?: { parameter: string, detail: string }[] }

describe('a parameter', () => {
  const { database, api } = useApi()
  let paymentId: string

  before(async () => {
    const ids = await seedPayments(database, [{ accountId: 'ACC-1', amount: '5.00', result: 'completed' }])
    paymentId = ids[0]!
  })

  const get = (path: string): Promise<ApiResponse<Problem>> => call<Problem>(`${api.url}${path}`)

  /** The method and path of every operation of the document. */
  const operations = Object.entries((JSON.parse(openApiText()) as { paths: Record<string, object> }).paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => [method.toUpperCase(), path] as const))

  for (const [method, path] of [...operations, ...['/openapi.json', '/docs', '/docs/swagger-ui.css', '/docs/start.js'].map(path => ['GET', path] as const)]) {
    it(`that is unknown is refused by ${method} ${path}`, async () => {
      const filled = path.replace('{accountId}', 'ACC-1').replaceAll(/\{\w+\}/g, paymentId)
      const response = await call<Problem>(`${api.url}${filled}?status=dead&nope=1`, { method, ...(method === 'POST' && { body: {}, headers: { 'idempotency-key': 'k' } }) })
      assert.equal(response.status, 400)
      assert.equal(response.body.type, '/problems/invalid-parameter')
      assert.ok(response.body.errors?.some(({ parameter, detail }) => parameter === 'nope' && detail === 'is not a parameter here'))
    })
  }

  for (const path of ['/payments', '/accounts', '/accounts/ACC-1/entries', '/recon-jobs']) {
    it(`such as the limit of ${path} is a whole number in decimal digits`, async () => {
      const status = path === '/recon-jobs' ? '&status=dead' : ''
      for (const limit of ['0x10', '1e1', '+5', ' 5', '5 ', '5.0', '007', '-1', '', '0', '201', '0b1', '5_0', '٥', '1\n'])
        assert.deepEqual((await get(`${path}?limit=${encodeURIComponent(limit)}${status}`)).body.errors, [{ parameter: 'limit', detail: 'must be a whole number from 1 to 200, in decimal digits' }], limit)
      for (const limit of ['1', '50', '200'])
        assert.equal((await get(`${path}?limit=${limit}${status}`)).status, 200)
    })
  }

  it('that is repeated is refused', async () => {
    for (const [query, parameter] of [['/payments?limit=1&limit=2', 'limit'], ['/payments?status=failed&status=failed', 'status'], ['/accounts/ACC-1/balance?at=2026-01-01T00:00:00Z&at=x', 'at'], ['/events?after=a&after=b', 'after'], ['/recon-jobs?status=dead&cursor=a&cursor=b', 'cursor']] as const)
      assert.deepEqual((await get(query)).body.errors, [{ parameter, detail: 'is given more than once' }])
  })

  it('gets a short problem, however many or long the wrong ones are', async () => {
    const { body, text } = await get(`/payments?${Array.from({ length: 1_500 }, (_, i) => `p${i}=`).join('&')}`)
    assert.equal(body.errors?.length, 20)
    assert.match(body.detail, /more errors are not listed\.$/)
    assert.ok(text.length < 5_000, `${text.length} bytes`)
    for (const path of [`/payments?${'x'.repeat(10_000)}=1`, `/${'x'.repeat(10_000)}`])
      assert.ok((await get(path)).text.length < 1_000)
    assert.equal((await get('/payments?__proto__=1')).status, 400)
  })

  it('that names an account accepts every account that a response names', async () => {
    const { entries } = (await call<{ entries: { accountId: string }[] }>(`${api.url}/payments/${paymentId}`)).body
    const settlement = entries.map(({ accountId }) => accountId).find(id => id.includes(':'))!
    const account = await call<Record<string, unknown>>(`${api.url}/accounts/${settlement}`)
    assert.deepEqual([account.status, account.body.id, account.body.balance, account.body.entryCount], [200, settlement, '-5.00', 1])
    assert.deepEqual((await call(`${api.url}/accounts/${settlement}/balance`)).body, { accountId: settlement, balance: '-5.00', currency: 'USD' })
    const list = (await call<{ entries: { paymentId: string, entryType: string }[] }>(`${api.url}/accounts/${settlement}/entries`)).body
    assert.deepEqual(list.entries.map(entry => [entry.paymentId, entry.entryType]), [[paymentId, 'debit']])
    const unused = settlement === 'settlement:USD:7' ? 'settlement:USD:6' : 'settlement:USD:7'
    assert.deepEqual((await call(`${api.url}/accounts/${unused}/balance`)).body, { accountId: unused, balance: '0.00', currency: 'USD' })
    assert.deepEqual((await call(`${api.url}/payments?accountId=${settlement}`)).body, { payments: [], nextCursor: null })
    assert.equal((await get('/accounts/settlement:USD:99')).status, 404)
  })

  it('that is an event id may be any text: with an unknown id the stream begins with resync', async () => {
    for (const id of ['x'.repeat(65), 'x'.repeat(5_000), 'a:0x1']) {
      for (const stream of [await openStream(`${api.url}/events`, { 'last-event-id': id }), await openStream(`${api.url}/events?after=${encodeURIComponent(id)}`)]) {
        try {
          await stream.next('hello')
          assert.equal(stream.names()[0], 'resync')
        }
        finally {
          stream.close()
        }
      }
    }
  })
})
