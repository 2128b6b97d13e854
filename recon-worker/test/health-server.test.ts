import type { AddressInfo } from 'node:net'
import type { Readiness } from '../src/readiness.ts'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { healthServer } from '../src/health-server.ts'

describe('the server of the health checks', () => {
  let readiness: Readiness
  const server = healthServer(() => Promise.resolve(readiness))
  let port: number

  before(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    port = (server.address() as AddressInfo).port
  })
  after(() => server.close())
  beforeEach(() => {
    readiness = { status: 'ready' }
  })

  async function get(path: string, method = 'GET'): Promise<{ status: number, header: (name: string) => string | null, body: Record<string, unknown> }> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method })
    return { status: response.status, header: name => response.headers.get(name), body: await response.json() as Record<string, unknown> }
  }

  it('is never cached', async () => {
    for (const path of ['/health', '/ready', '/nothing'])
      assert.equal((await get(path)).header('cache-control'), 'no-store')
  })

  it('says why the worker is not ready, and when to ask again', async () => {
    readiness = { problem: { type: '/problems/unavailable', title: 'The worker cannot settle payments', detail: 'the database is read-only' } }
    const { status, header, body } = await get('/ready')
    assert.deepEqual([status, header('retry-after'), header('content-type')], [503, '1', 'application/problem+json'])
    assert.deepEqual(body, { type: '/problems/unavailable', title: 'The worker cannot settle payments', status: 503, detail: 'the database is read-only' })
    assert.equal((await get('/health')).status, 200)
  })

  for (const [path, method, status, type] of [
    ['/nothing', 'GET', 404, 'not-found'],
    ['/ready', 'POST', 405, 'method-not-allowed'],
    ['/ready?x=1', 'GET', 400, 'invalid-parameter'],
    ['/health?', 'GET', 400, 'invalid-parameter'],
  ] as const) {
    it(`refuses ${method} ${path} with a problem`, async () => {
      const { status: found, body } = await get(path, method)
      assert.deepEqual([found, body.type, body.status, typeof body.detail], [status, `/problems/${type}`, status, 'string'])
    })
  }

  it('refuses a request without a Host with a problem', async () => {
    const socket = connect(port, '127.0.0.1')
    socket.end('GET /health HTTP/1.1\r\n\r\n')
    const response = await text(socket)
    assert.match(response, /^HTTP\/1\.1 400 /)
    assert.match(response, /\r\n\{"type":"\/problems\/malformed-request",/)
  })
})
