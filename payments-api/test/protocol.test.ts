import type { Api } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import type { RawConnection, RawResponse } from './support/raw-http.ts'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import pg from 'pg'
import { call, startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'
import { exchange, open, responses } from './support/raw-http.ts'
import { waitFor } from './support/wait-for.ts'

describe('a connection', () => {
  let database: TestDatabase
  let api: Api
  const connections: RawConnection[] = []

  const body = '{"accountId":"A","amount":1}'
  const post = (key: string, headers = ''): string =>
    `POST /payments HTTP/1.1\r\nHost: x\r\nIdempotency-Key: ${key}\r\nContent-Type: application/json\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`

  before(async () => {
    database = await createDatabase()
    api = await startApi(database.url('payments_api'))
    assert.equal((await exchange(api.url, post(randomUUID(), 'Connection: close\r\n')))[0]?.status, 201)
  })
  afterEach(() => connections.splice(0).forEach(({ socket }) => socket.destroy()))
  after(async () => {
    await api?.stop()
    await database?.drop()
  })

  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
  const GARBAGE = 'GARBAGE\r\n\r\n'
  const statuses = (all: RawResponse[]): number[] => all.map(({ status }) => status)
  const typeOf = (response: RawResponse | undefined): string => (JSON.parse(response?.body ?? '') as { type: string }).type
  const paymentsWith = async (key: string): Promise<number> => (await database.sql('select from payments where idempotency_key = $1', [key])).length
  async function connection(sent: string): Promise<RawConnection> {
    const opened = await open(api.url, sent)
    connections.push(opened)
    return opened
  }
  /** Blocks writes of payments until the returned function is called. */
  async function holdWrites(): Promise<() => Promise<void>> {
    const rival = new pg.Client({ connectionString: database.url() })
    await rival.connect()
    await rival.query('begin')
    await rival.query('lock table payments in share mode')
    return () => rival.end()
  }

  describe('that sends garbage', () => {
    it('gets the responses to earlier requests in order, then a problem, and is closed', async () => {
      const keys = [randomUUID(), randomUUID()]
      const all = await exchange(api.url, `${post(keys[0]!)}${get('/health')}${post(keys[1]!)}${GARBAGE}`)
      assert.deepEqual(statuses(all), [201, 200, 201, 400])
      assert.deepEqual([typeOf(all[3]), all[3]!.headers.connection, all[3]!.headers['content-type']], ['/problems/malformed-request', 'close', 'application/problem+json; charset=utf-8'])
      for (const key of keys)
        assert.equal(await paymentsWith(key), 1)
    })

    it('after one POST or GET, gets its response first', async () => {
      assert.deepEqual(statuses(await exchange(api.url, post(randomUUID()) + GARBAGE)), [201, 400])
      assert.deepEqual(statuses(await exchange(api.url, get('/payments') + GARBAGE)), [200, 400])
      assert.deepEqual(statuses(await exchange(api.url, get('/health') + GARBAGE)), [200, 400])
    })

    it('in pieces after a slow POST, gets the response to the POST first', async () => {
      const release = await holdWrites()
      try {
        const { socket, text, closed } = await connection(post(randomUUID()))
        await waitFor('the write waits', async () => (await database.sql(`select from pg_stat_activity where application_name = 'payments-api write' and wait_event_type = 'Lock'`)).length > 0)
        for (const piece of ['GARB', 'AGE\r\n', '\r\nGET']) {
          socket.write(piece)
          await turn()
        }
        await call(`${api.url}/health`)
        assert.equal(text(), '')
        await release()
        assert.equal(await closed, undefined)
        assert.deepEqual(statuses(responses(text())), [201, 400])
      }
      finally {
        await release()
      }
    })

    it('in the middle of a chunked body, gets one response, and makes no payment', async () => {
      const key = randomUUID()
      const chunked = `POST /payments HTTP/1.1\r\nHost: x\r\nIdempotency-Key: ${key}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\nnot a size\r\n`
      const all = await exchange(api.url, get('/health') + chunked)
      assert.deepEqual(statuses(all), [200, 400])
      assert.equal(typeOf(all[1]), '/problems/malformed-request')
      const refused = await exchange(api.url, chunked.replace('application/json', 'text/plain'))
      assert.deepEqual(statuses(refused), [415])
      assert.equal(await paymentsWith(key), 0)
    })

    it('after an event stream began, is only closed', async () => {
      for (const split of [false, true]) {
        const { socket, text, closed } = await connection(get('/events') + (split ? '' : GARBAGE))
        if (split) {
          await waitFor('the stream is open', () => text().includes('event: hello'))
          socket.write(GARBAGE)
        }
        await closed
        assert.doesNotMatch(text(), /HTTP\/1\.1 400|problems/)
      }
    })

    it('after "Connection: close", gets no second response', async () => {
      assert.deepEqual(statuses(await exchange(api.url, post(randomUUID(), 'Connection: close\r\n') + get('/health'))), [201])
    })
  })

  it('whose client closed its side after the request still gets the response', async () => {
    const key = randomUUID()
    const { socket, text, closed } = await connection('')
    socket.end(post(key))
    assert.equal(await closed, undefined)
    assert.deepEqual(statuses(responses(text())), [201])
  })

  const problems: [string, string, number, string][] = [
    ['without Host', 'GET /health HTTP/1.1\r\n\r\n', 400, 'malformed-request'],
    ['with two Hosts', 'GET /health HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n', 400, 'malformed-request'],
    ['with a malformed Host', 'GET /health HTTP/1.1\r\nHost: a b\r\n\r\n', 400, 'malformed-request'],
    ['with another expectation', 'GET /health HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n', 417, 'expectation-failed'],
    ['with CONNECT', 'CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n', 405, 'method-not-allowed'],
    ['with a method that HTTP does not have', 'FETCH /health HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'malformed-request'],
    ['with a method that is not a token', 'GE(T /health HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'malformed-request'],
    ['in HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'malformed-request'],
    ['with the version HTTP/2.0', 'GET /health HTTP/2.0\r\nHost: x\r\n\r\n', 400, 'malformed-request'],
    ['in HTTP/0.9', 'GET /health\r\n\r\n', 400, 'malformed-request'],
    ['with a path that is too long', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 414, 'uri-too-long'],
    ['with headers that are too large', `GET /health HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers-too-large'],
    ['with a length and chunks', 'POST /payments HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400, 'malformed-request'],
    ['with two lengths', 'POST /payments HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nxxxxx', 400, 'malformed-request'],
    ['that declares 1 GB, to any route', 'POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n', 413, 'payload-too-large'],
    ['that declares 1 GB and expects 100-continue', 'POST /payments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 1000000000\r\n\r\n', 413, 'payload-too-large'],
  ]
  for (const [what, sent, status, type] of problems) {
    it(`with a request ${what} gets ${status} as a problem, and is closed`, async () => {
      const all = await exchange(api.url, sent)
      assert.deepEqual(statuses(all), [status])
      const { headers, body } = all[0]!
      assert.deepEqual([headers['content-type'], headers.connection, headers['cache-control']], ['application/problem+json; charset=utf-8', 'close', 'no-store'])
      const problem = JSON.parse(body) as Record<string, unknown>
      assert.deepEqual(Object.keys(problem), ['type', 'title', 'status', 'detail', 'instance'])
      assert.deepEqual([problem.type, problem.status, problem.instance], [`/problems/${type}`, status, `urn:uuid:${headers['x-request-id']}`])
    })
  }

  it('that is refused for its Host serves no request after it', async () => {
    const key = randomUUID()
    assert.deepEqual(statuses(await exchange(api.url, `GET /health HTTP/1.1\r\n\r\n${post(key)}`)), [400])
    assert.equal(await paymentsWith(key), 0)
  })

  it('that expects 100-continue gets it once the body is wanted', async () => {
    const head = (key: string, type: string): string => post(key, 'Expect: 100-continue\r\nConnection: close\r\n').replace(body, '').replace('application/json', type)
    const { socket, text, closed } = await connection(head(randomUUID(), 'application/json'))
    await waitFor('the API responds with 100', () => text().startsWith('HTTP/1.1 100 '))
    socket.write(body)
    await closed
    assert.deepEqual(statuses(responses(text())), [100, 201])
    assert.deepEqual(statuses(await exchange(api.url, head(randomUUID(), 'text/plain'))), [415])
  })

  it('that asks for an upgrade, or names the whole URL, is served as usual', async () => {
    const close = 'Connection: close\r\n\r\n'
    assert.deepEqual(statuses(await exchange(api.url, `GET /health HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\n${close}`)), [200])
    assert.deepEqual(statuses(await exchange(api.url, `GET http://x/health HTTP/1.1\r\nHost: x\r\n${close}`)), [200])
  })

  for (const [what, path, chunked, writesFirst] of [['a declared length', '/payments', false], ['a declared length, from a client that reads nothing first', '/payments', false, true], ['chunks', '/payments', true], ['chunks, where no body is wanted', '/nothing', true]] as const) {
    it(`is closed long before the end of a 1 GB body with ${what}`, async () => {
      const { socket, text, closed } = await connection(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${chunked ? 'Transfer-Encoding: chunked' : 'Content-Length: 1000000000'}\r\n\r\n`)
      const megabyte = 'x'.repeat(1_000_000)
      const ended = new Promise(resolve => socket.once('end', resolve))
      let megabytes = 0
      const isClosed = (): boolean => socket.destroyed || (!writesFirst && socket.readableEnded)
      while (!isClosed() && megabytes < 1_000) {
        megabytes++
        if (!socket.write(chunked ? `f4240\r\n${megabyte}\r\n` : megabyte))
          await Promise.race([new Promise(resolve => socket.once('drain', resolve)), ...(writesFirst ? [] : [ended]), closed])
      }
      socket.destroy()
      await closed
      assert.match(text(), path === '/nothing' ? /^HTTP\/1\.1 404 / : /^HTTP\/1\.1 413 [\s\S]*"type":"\/problems\/payload-too-large"/)
      assert.ok(megabytes < 50, `${megabytes} MB`)
    })
  }

  it('forbids caching, except of the documentation\'s scripts', async () => {
    for (const path of ['/payments', '/accounts/NOBODY/balance', '/health', '/nothing', '/payments.csv', '/metrics', '/openapi.json'])
      assert.equal((await call(`${api.url}${path}`)).headers.get('cache-control'), 'no-store')
    assert.equal((await call(`${api.url}/docs/swagger-ui.css`)).headers.get('cache-control'), 'public, max-age=86400')
  })
})
