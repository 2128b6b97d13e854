import { describe, expect, it } from 'vitest'
import { createPaymentsApi } from '../../server/utils/payments-api'
import { bodyOf, listen, sendJson, sendProblemJson, signal } from '../support/fake-api'

const REUSED = { type: '/problems/idempotency-key-reused', title: 'This Idempotency-Key belongs to another request', instance: 'urn:uuid:1' }

describe('createPayment', () => {
  it('passes body, content type and key on as they are, and the answer back', async () => {
    const baseUrl = await listen(async (req, res) => {
      expect(req.url).toBe('/payments')
      expect(req.headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8', 'idempotency-key': 'key-1' })
      expect(await bodyOf(req)).toBe('{"amount": 100.10}')
      sendJson(res, 201, { id: '1', status: 'pending' }, { 'location': '/payments/1', 'idempotent-replayed': 'true', 'server': 'secret' })
    })
    const result = await createPaymentsApi({ baseUrl: `${baseUrl}/` })
      .createPayment({ body: '{"amount": 100.10}', contentType: 'application/json; charset=utf-8', idempotencyKey: 'key-1' })
    expect(result).toEqual({
      ok: true,
      status: 201,
      headers: { 'location': '/payments/1', 'idempotent-replayed': 'true' },
      body: { id: '1', status: 'pending' },
    })
  })

  it('sends no key of its own where the browser sent none', async () => {
    const baseUrl = await listen((req, res) => sendJson(res, 201, { keys: req.headers['idempotency-key'] ?? 'none' }))
    expect(await createPaymentsApi({ baseUrl }).createPayment({ body: '{}' })).toMatchObject({
      body: { keys: 'none' },
    })
  })

  it('passes a 422 with everything that it says', async () => {
    const problem = {
      ...REUSED,
      errors: [
        { pointer: '#/amount', detail: 'is required' },
      ],
    }
    const baseUrl = await listen((_req, res) => sendProblemJson(res, 422, problem))
    expect(await createPaymentsApi({ baseUrl }).createPayment({ body: '{}' }))
      .toEqual({
        ok: false,
        headers: {},
        problem: { ...problem, status: 422 },
      })
  })
})

describe('what the browser is told', () => {
  const ask = (baseUrl: string, timeoutMs?: number) => createPaymentsApi({ baseUrl, timeoutMs }).listPayments()

  it.each([400, 404, 409, 413, 415, 429])('passes a %i', async (status) => {
    const baseUrl = await listen((_req, res) => sendProblemJson(res, status, REUSED, { 'retry-after': '1' }))
    expect(await ask(baseUrl)).toMatchObject({
      ok: false,
      problem: { status },
      headers: { 'retry-after': '1' },
    })
  })

  it.each([401, 403, 500, 503, 504])('makes a %i a 502 without its words, but with its request id', async (status) => {
    const baseUrl = await listen((_req, res) => sendProblemJson(res, status, {
      type: 'x',
      title: 'SECRET',
      detail: 'SECRET',
      instance: 'urn:uuid:7',
    }))
    const result = await ask(baseUrl)
    expect(result).toMatchObject({
      ok: false,
      problem: { type: '/problems/api-failed', status: 502, instance: 'urn:uuid:7' },
    })
    expect(JSON.stringify(result)).not.toContain('SECRET')
  })

  it('passes a 503 that says when to come back', async () => {
    const baseUrl = await listen((_req, res) => sendProblemJson(res, 503, { type: '/problems/overloaded', title: 'Busy' }, { 'retry-after': '1' }))
    expect(await ask(baseUrl)).toMatchObject({
      ok: false,
      problem: { type: '/problems/overloaded', status: 503 },
      headers: { 'retry-after': '1' },
    })
  })

  it.each([
    [
      'a page of a proxy',
      404,
      'text/html',
      '<h1>SECRET</h1>',
    ],
    [
      'a redirect',
      302,
      'text/plain',
      'SECRET',
    ],
    [
      'a problem that is no object',
      422,
      'application/problem+json',
      '"SECRET"',
    ],
    [
      'a problem that is no JSON',
      422,
      'application/problem+json',
      'SECRET',
    ],
    [
      'a success that is no JSON',
      200,
      'application/json',
      'SECRET',
    ],
  ])('makes %s a 502', async (_name, status, type, body) => {
    const baseUrl = await listen((_req, res) => res.writeHead(status, { 'content-type': type, 'location': 'http://127.0.0.1:1/' }).end(body))
    const result = await ask(baseUrl)
    expect(result).toMatchObject({
      ok: false,
      problem: { status: 502 },
    })
    expect(JSON.stringify(result)).not.toContain('SECRET')
  })

  it('makes no answer at all a 502, and does not say where it looked for one', async () => {
    const result = await ask('http://127.0.0.1:1')
    expect(result).toMatchObject({
      ok: false,
      problem: { type: '/problems/api-unreachable', status: 502 },
    })
    expect(JSON.stringify(result)).not.toContain('127.0.0.1')
  })

  it('makes no answer in time a 504', async () => {
    const baseUrl = await listen(() => {})
    expect(await ask(baseUrl, 50)).toMatchObject({
      ok: false,
      problem: { type: '/problems/api-timeout', status: 504 },
    })
  })

  it('makes a body that never ends a 504', async () => {
    const baseUrl = await listen((_req, res) => void res.writeHead(200).write('{'))
    expect(await ask(baseUrl, 50)).toMatchObject({
      ok: false,
      problem: { status: 504 },
    })
  })
})

it('hangs up on the API when the browser goes away', async () => {
  const asked = signal()
  const hungUp = signal()
  const baseUrl = await listen((_req, res) => {
    res.once('close', hungUp.resolve)
    asked.resolve()
  })
  const browser = new AbortController()
  const result = createPaymentsApi({ baseUrl }).listPayments(undefined, browser.signal)
  await asked.promise
  browser.abort()
  await hungUp.promise
  expect(await result).toMatchObject({ ok: false })
})

it('keeps a name within its segment of the path', async () => {
  const baseUrl = await listen((req, res) => sendJson(res, 200, { url: req.url }))
  const api = createPaymentsApi({ baseUrl })
  expect(await api.accountBalance('a/b?c')).toMatchObject({
    body: { url: '/accounts/a%2Fb%3Fc/balance' },
  })
  expect(await api.findPayment('1')).toMatchObject({
    body: { url: '/payments/1' },
  })
  for (const name of ['..', '.', '']) {
    expect(await api.accountBalance(name)).toMatchObject({
      ok: false,
      problem: { status: 404 },
    })
  }
})

it('passes a query on', async () => {
  const baseUrl = await listen((req, res) => sendJson(res, 200, { url: req.url }))
  expect(await createPaymentsApi({ baseUrl }).listPayments(new URLSearchParams({ limit: '2', cursor: 'a b' })))
    .toMatchObject({
      body: { url: '/payments?limit=2&cursor=a+b' },
    })
})
