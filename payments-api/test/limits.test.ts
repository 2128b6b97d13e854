import type { Socket } from 'node:net'
import type { Api } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import pg from 'pg'
import { MAX_CLIENTS } from '../src/domain/event-hub.ts'
import { MAX_WAITING } from '../src/domain/group-commit.ts'
import { call, startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'
import { waitFor } from './support/wait-for.ts'

describe('a limit of the API', () => {
  let database: TestDatabase
  let api: Api
  const sockets: Socket[] = []

  before(async () => {
    database = await createDatabase()
    const [{ name }] = await database.sql('select current_database() as name') as [{ name: string }]
    for (const setting of ['lock_timeout', 'statement_timeout']) // what is made to wait here waits until we say so
      await database.sql(`alter role payments_api in database ${name} set ${setting} = '60s'`)
    api = await startApi(database.url('payments_api'))
  })
  afterEach(() => sockets.splice(0).forEach(socket => socket.destroy()))
  after(async () => {
    await api?.stop()
    await database?.drop()
  })

  async function open(sent: string): Promise<Socket> {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1').on('error', () => {})
    sockets.push(socket)
    await once(socket, 'connect')
    socket.write(sent)
    return socket
  }
  /** All that the server answers until it closes the connection. */
  async function answer(sent: string): Promise<string> {
    let text = ''
    for await (const chunk of await open(sent))
      text += String(chunk)
    return text
  }
  const postWithKey = (key: string): string => {
    const body = '{"accountId":"A","amount":1}'
    return `POST /payments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: ${key}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  }
  const streams = async (): Promise<number> => Number(/^event_stream_clients (\d+)/m.exec((await call(`${api.url}/metrics`)).text)![1])

  it('ends headers that do not arrive in time with 408', async () => {
    assert.match(await answer('GET /health HTTP/1.1\r\nX-Slow: '), /^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*application\/problem\+json[\s\S]*"type":"\/problems\/request-timeout"/)
  })

  it('ends headers that are too large with 431, and what is not HTTP with 400', async () => {
    assert.match(await answer(`GET /health HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 [\s\S]*"type":"\/problems\/headers-too-large"/)
    assert.match(await answer('nonsense\r\n\r\n'), /^HTTP\/1\.1 400 [\s\S]*"type":"\/problems\/malformed-request"/)
    assert.equal((await call(`${api.url}/health`)).status, 200)
  })

  it('answers 503 at once when too many payments wait to be written, and goes on afterwards', async () => {
    await call(`${api.url}/payments`, { body: { accountId: 'A', amount: 1 }, headers: { 'idempotency-key': randomUUID() } })
    const rival = new pg.Client({ connectionString: database.url() })
    await rival.connect()
    try {
      await rival.query('begin')
      await rival.query('lock table payments in share mode')
      const run = randomUUID()
      // Two writes of at most 500 may be under way, the rest waits. Requests on one connection do not wait for answers.
      for (let connection = 0; connection < 20; connection++)
        await open(Array.from({ length: (MAX_WAITING + 1_000) / 20 }, (_, i) => postWithKey(`${run}-${connection}-${i}`)).join(''))
      await waitFor('the queue is full', async () => {
        const res = await fetch(`${api.url}/payments`, {
          method: 'POST',
          body: '{"accountId":"A","amount":1}',
          headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
          signal: AbortSignal.timeout(3_000), // until then it is not full, and the request waits
        }).catch(() => undefined)
        return res?.status === 503 && res.headers.get('retry-after') === '1' && (await res.text()).includes('/problems/overloaded')
      }, 50_000)
      await rival.query('rollback')
    }
    finally {
      await rival.end()
    }
    await waitFor('it takes payments again', async () => (await call(`${api.url}/payments`, { body: { accountId: 'A', amount: 1 }, headers: { 'idempotency-key': randomUUID() } })).status === 201)
  })

  it('refuses one event stream too many, and has room again when one ends', async () => {
    for (let i = 0; i < MAX_CLIENTS; i++)
      await open('GET /events HTTP/1.1\r\nHost: x\r\n\r\n')
    await waitFor('all are served', async () => await streams() === MAX_CLIENTS)
    assert.match(await answer('GET /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 503 [\s\S]*Retry-After: 1\r\n/)
    sockets.forEach(socket => socket.destroy())
    await waitFor('there is room', async () => await streams() === 0)
  })

  it('cuts off an event stream whose client does not read, and only that', async () => {
    const [slow, other] = [await open('GET /events HTTP/1.1\r\nHost: x\r\n\r\n'), await open('GET /events HTTP/1.1\r\nHost: x\r\n\r\n')]
    slow.pause()
    other.resume()
    await waitFor('both are served', async () => await streams() === 2)
    const payload = JSON.stringify({ completed: Array.from({ length: 200 }, () => randomUUID()) })
    await waitFor('one is cut off', async () => {
      await database.sql(`select pg_notify('payment_events', $1 || repeat(' ', n)) from generate_series(1, 50) n`, [payload.slice(0, 7_900)])
      return await streams() < 2
    }, 30_000)
    assert.equal(await streams(), 1)
    assert.equal(other.destroyed, false)
  })
})
