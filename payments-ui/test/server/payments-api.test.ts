import { describe, expect, it } from 'vitest'
import { createPaymentsApi } from '../../server/utils/payments-api'
import { bodyOf, listen, sendJson, sendProblemJson, signal } from '../support/fake-api'

const REUSED = { type: '/problems/idempotency-key-reused', title: 'This Idempotency-Key belongs to another request', instance: 'urn:uuid:1' }

describe('createPayment', () => {
  it('forwards body, content type and key unchanged, and returns the response', async () => {
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
      text: '{"id":"1","status":"pending"}',
    })
  })

  it('adds no key if the browser sent none', async () => {
    const baseUrl = await listen((req, res) => sendJson(res, 201, { keys: req.headers['idempotency-key'] ?? 'none' }))
    expect(await createPaymentsApi({ baseUrl }).createPayment({ body: '{}' })).toMatchObject({
      body: { keys: 'none' },
    })
  })

  it('forwards a 422 with all its fields', async () => {
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

describe('what the browser receives', () => {
  const list = (baseUrl: string, timeoutMs?: number) => createPaymentsApi({ baseUrl, timeoutMs }).listPayments()

  it.each([400, 404, 409, 413, 415, 429])('forwards a %i', async (status) => {
    const baseUrl = await listen((_req, res) => sendProblemJson(res, status, REUSED, { 'retry-after': '1' }))
    expect(await list(baseUrl)).toMatchObject({
      ok: false,
      problem: { status },
      headers: { 'retry-after': '1' },
    })
  })

  it.each([401, 403, 500, 503, 504])('turns a %i into a 502 without its text, but with its request id', async (status) => {
    const baseUrl = await listen((_req, res) => sendProblemJson(res, status, {
      type: 'x',
      title: 'SECRET',
      detail: 'SECRET',
      instance: 'urn:uuid:7',
    }))
    const result = await list(baseUrl)
    expect(result).toMatchObject({
      ok: false,
      problem: { type: '/problems/api-failed', status: 502, instance: 'urn:uuid:7' },
    })
    expect(JSON.stringify(result)).not.toContain('SECRET')
  })

  it('forwards a 503 with Retry-After', async () => {
    const baseUrl = await listen((_req, res) => sendProblemJson(res, 503, { type: '/problems/overloaded', title: 'Busy' }, { 'retry-after': '1' }))
    expect(await list(baseUrl)).toMatchObject({
      ok: false,
      problem: { type: '/problems/overloaded', status: 503 },
      headers: { 'retry-after': '1' },
    })
  })

  it.each([
    [
      'a proxy\'s HTML page',
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
      'a problem that is not an object',
      422,
      'application/problem+json',
      '"SECRET"',
    ],
    [
      'a problem that is not JSON',
      422,
      'application/problem+json',
      'SECRET',
    ],
    [
      'a success that is not JSON',
      200,
      'application/json',
      'SECRET',
    ],
  ])('turns %s into a 502', async (_name, status, type, body) => {
    const baseUrl = await listen((_req, res) => res.writeHead(status, { 'content-type': type, 'location': 'http://127.0.0.1:1/' }).end(body))
    const result = await list(baseUrl)
    expect(result).toMatchObject({
      ok: false,
      problem: { status: 502 },
    })
    expect(JSON.stringify(result)).not.toContain('SECRET')
  })

  it('returns a 502 if the API is unreachable, without revealing its address', async () => {
    const result = await list('http://127.0.0.1:1')
    expect(result).toMatchObject({
      ok: false,
      problem: { type: '/problems/api-unreachable', status: 502 },
    })
    expect(JSON.stringify(result)).not.toContain('127.0.0.1')
  })

  it('returns a 504 if the API does not respond in time', async () => {
    const baseUrl = await listen(() => {})
    expect(await list(baseUrl, 50)).toMatchObject({
      ok: false,
      problem: { type: '/problems/api-timeout', status: 504 },
    })
  })

  it('returns a 504 if the body does not end in time', async () => {
    const baseUrl = await listen((_req, res) => void res.writeHead(200).write('{'))
    expect(await list(baseUrl, 50)).toMatchObject({
      ok: false,
      problem: { status: 504 },
    })
  })
})

it('closes the connection to the API when the browser disconnects', async () => {
  const received = signal()
  const closed = signal()
  const baseUrl = await listen((_req, res) => {
    res.once('close', closed.resolve)
    received.resolve()
  })
  const browser = new AbortController()
  const result = createPaymentsApi({ baseUrl }).listPayments(undefined, browser.signal)
  await received.promise
  browser.abort()
  await closed.promise
  expect(await result).toMatchObject({ ok: false })
})

it('escapes a name as one path segment', async () => {
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

it('forwards the query', async () => {
  const baseUrl = await listen((req, res) => sendJson(res, 200, { url: req.url }))
  expect(await createPaymentsApi({ baseUrl }).listPayments(new URLSearchParams({ limit: '2', cursor: 'a b' })))
    .toMatchObject({
      body: { url: '/payments?limit=2&cursor=a+b' },
    })
})
