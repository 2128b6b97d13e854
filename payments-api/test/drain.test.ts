import type { AddressInfo } from 'node:net'
import type { Api } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import type { RawConnection } from './support/raw-http.ts'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import pg from 'pg'
import { pino } from 'pino'
import { apiServer } from '../src/http/server.ts'
import { startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'
import { postOnKeepAlive } from './support/keep-alive-poster.ts'
import { open, responses } from './support/raw-http.ts'
import { waitFor } from './support/wait-for.ts'

/** FULL=1 runs ten restarts, and an export that the 10 s deadline cuts off. */
const full = process.env.FULL === '1'
const RESTARTS = full ? 10 : 2

describe('an API that is stopping', () => {
  let database: TestDatabase
  const apis: Api[] = []
  const connections: RawConnection[] = []

  before(async () => {
    database = await createDatabase()
    await database.sql(`select open_account('A', 'USD')`)
  })
  afterEach(async () => {
    connections.splice(0).forEach(({ socket }) => socket.destroy())
    await Promise.all(apis.splice(0).map(api => api.stop()))
  })
  after(async () => {
    await database?.drop()
  })

  async function start(): Promise<Api> {
    const api = await startApi(database.url('payments_api'))
    apis.push(api)
    return api
  }
  async function connection(url: string, sent: string): Promise<RawConnection> {
    const opened = await open(url, sent)
    connections.push(opened)
    return opened
  }
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
  const body = '{"accountId":"A","amount":1}'
  const post = (): string => `POST /payments HTTP/1.1\r\nHost: x\r\nIdempotency-Key: ${randomUUID()}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`

  it(`loses no request from 32 keep-alive callers in ${RESTARTS} rolling restarts`, async () => {
    const running = await Promise.all([start(), start()])
    const stop = new AbortController()
    const posters = Array.from({ length: 32 }, () => postOnKeepAlive(() => running.map(({ url }) => url), stop.signal))
    try {
      for (let i = 0; i < RESTARTS; i++) {
        const [old] = running.splice(0, 1)
        const payments = async (): Promise<number> => (await database.sql<{ n: number }>('select count(*)::int as n from payments'))[0]!.n
        const before = await payments()
        await waitFor('the callers have made 200 payments', async () => await payments() > before + 200, 30_000)
        assert.equal(await old!.stop(), 0)
        running.push(await start())
      }
    }
    finally {
      stop.abort()
    }
    const all = await Promise.all(posters)
    assert.deepEqual(all.flatMap(({ lost }) => lost), [])
    assert.ok(all.reduce((sum, { closeHeaders }) => sum + closeHeaders, 0) >= 16 * RESTARTS, 'too few responses said Connection: close')
  }).timeout(180_000)

  it('is not ready, and says "Connection: close" on each connection still in use', async () => {
    const api = await start()
    const [busy, other] = [await connection(api.url, get('/ready')), await connection(api.url, get('/ready'))]
    const ended = Promise.all([busy, other].map(({ socket }) => once(socket, 'end')))
    await waitFor('the API is ready', () => [busy, other].every(({ text }) => text().endsWith('}')))
    api.process.kill('SIGTERM')
    for (;;) {
      const last = responses(busy.text()).at(-1)!
      assert.equal(last.status, 200)
      if (last.headers.connection === 'close')
        break
      const read = busy.text().length
      busy.socket.write(get('/health'))
      await waitFor('the API responds', () => busy.text().length > read && busy.text().endsWith('}'))
    }
    other.socket.write(get('/ready'))
    await ended
    assert.deepEqual(responses(other.text()).map(({ status, headers }) => [status, headers.connection]), [[200, 'keep-alive'], [503, 'close']])
    for (const { socket, closed } of [busy, other]) {
      socket.end()
      assert.equal(await closed, undefined)
    }
  })

  it('closes idle and unused connections without a reset, and serves requests already on their way', async () => {
    const api = await start()
    const [used, unused, late] = [await connection(api.url, get('/health')), await connection(api.url, ''), await connection(api.url, get('/health'))]
    await waitFor('both requests are served', () => [used, late].every(({ text }) => text().endsWith('{"status":"ok"}')))
    api.process.kill('SIGTERM')
    late.socket.write(get('/health'))
    await Promise.all([used, unused, late].map(({ socket }) => once(socket, 'end')))
    for (const { socket, closed } of [used, unused, late]) {
      socket.end()
      assert.equal(await closed, undefined)
    }
    assert.equal(responses(late.text()).length, 2)
    assert.equal(await api.stop(), 0)
  })

  it('serves connections that the kernel holds when the signal arrives', async () => {
    const api = await start()
    api.process.kill('SIGSTOP')
    const held = await Promise.all(Array.from({ length: 200 }, () => connection(api.url, get('/health'))))
    api.process.kill('SIGTERM')
    api.process.kill('SIGCONT')
    const errors = await Promise.all(held.map(({ socket, closed }) => {
      socket.once('end', () => socket.end())
      return closed
    }))
    assert.deepEqual(errors.filter(error => error !== undefined), [])
    assert.deepEqual(held.map(({ text }) => responses(text()).map(({ status }) => status)), held.map(() => [200]))
    assert.equal(await api.stop(), 0)
  })

  it('serves connections that the kernel holds even if the process is late', async () => {
    const { server, drain } = apiServer((_req, res) => void res.end('served'), 0, pino({ level: 'silent' }))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const opening = Array.from({ length: 20 }, () => connection(url, get('/')))
    await new Promise(process.nextTick) // the kernel has the connections; this process accepts them once it returns to its event loop
    const drained = drain.start()
    const lateUntilMs = performance.now() + 100
    while (performance.now() < lateUntilMs);
    const errors = await Promise.all(opening.map(async opened => (await opened).closed))
    assert.deepEqual(errors.filter(error => error !== undefined), [])
    await drained
  })

  it('serves a request that arrives on an idle connection soon after, then closes the connection', async () => {
    const { server, drain } = apiServer((_req, res) => void res.end('served'), 500, pino({ level: 'silent' }))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { socket, text, closed } = await connection(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, get('/'))
    await waitFor('the first request is served', () => text().endsWith('served'))
    const drained = drain.start()
    socket.write(get('/'))
    assert.equal(await closed, undefined)
    assert.deepEqual(responses(text()).map(({ headers }) => headers.connection), ['keep-alive', 'close'])
    await drained
  })

  it('closes idle connections at once if DRAIN_QUIET_MS is 0', async () => {
    const ended: number[] = []
    await Promise.all([500, 0].map(async (quietMs) => {
      const { server, drain } = apiServer((_req, res) => void res.end('served'), quietMs, pino({ level: 'silent' }))
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { text } = await connection(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, get('/'))
      await waitFor('the request is served', () => text().endsWith('served'))
      await drain.start()
      ended.push(quietMs)
    }))
    assert.deepEqual(ended, [0, 500])
  })

  it('finishes running requests, and says "Connection: close" only in the last response of a connection', async () => {
    const api = await start()
    const rival = new pg.Client({ connectionString: database.url() })
    await rival.connect()
    try {
      await rival.query('begin')
      await rival.query('lock table payments in share mode')
      const { text, closed } = await connection(api.url, post() + post())
      await waitFor('the write waits', async () => (await database.sql(`select from pg_stat_activity where application_name = 'payments-api write' and wait_event_type = 'Lock'`)).length > 0)
      const stream = await connection(api.url, get('/events'))
      await waitFor('the stream is open', () => stream.text().includes('event: hello'))
      const stopped = api.stop()
      await waitFor('the stream ends', () => stream.text().endsWith('0\r\n\r\n'))
      await rival.query('rollback')
      assert.equal(await closed, undefined)
      assert.deepEqual(responses(text()).map(({ status, headers }) => [status, headers.connection]), [[201, 'keep-alive'], [201, 'close']])
      assert.equal(await stopped, 0)
    }
    finally {
      await rival.end()
    }
  })

  for (const version of ['1.0', '1.1']) {
    it(`resets an unfinished response at the deadline, so that an HTTP/${version} client does not mistake it for complete`, async () => {
      const { server, drain } = apiServer((_req, res) => void res.write('id,amount\r\n'), 500, pino({ level: 'silent' }))
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { text, closed } = await connection(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, `GET /payments.csv HTTP/${version}\r\nHost: x\r\n\r\n`)
      await waitFor('the first part has arrived', () => text().includes('id,amount'))
      const drained = drain.start()
      drain.breakOff()
      assert.equal(await closed, 'ECONNRESET')
      await drained
    })
  }

  it('cuts off a slow export after 10 s, which the client sees as a broken transfer', async function () {
    if (!full)
      this.skip() // takes 10 s
    await database.sql(`
      insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
      select gen_random_uuid(), 'test', 'csv-' || n, sha256(''), 'A', 'USD', 1.00, repeat('x', 500), now(), now() from generate_series(1, 60000) n`)
    const api = await start()
    const { socket, text, closed } = await connection(api.url, get('/payments.csv'))
    await waitFor('the export has begun', () => text().includes('id,createdAt'))
    socket.pause()
    const startedAt = Date.now()
    assert.equal(await api.stop(), 1)
    assert.ok(Date.now() - startedAt < 12_000)
    socket.resume()
    assert.equal(await closed, 'ECONNRESET')
    assert.ok(!text().endsWith('0\r\n\r\n'))
  })
})
