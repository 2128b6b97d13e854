import type { Socket } from 'node:net'
import type { Api } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { MAX_CLIENTS } from '../src/domain/event-hub.ts'
import { call, startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'
import { waitFor } from './support/wait-for.ts'

describe('a limit of the API', () => {
  let database: TestDatabase
  let api: Api
  const sockets: Socket[] = []

  before(async () => {
    database = await createDatabase()
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
    await once(socket, 'connect', { signal: AbortSignal.timeout(8_000) })
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
  const streams = async (): Promise<number> => Number(/^event_stream_clients (\d+)/m.exec((await call(`${api.url}/metrics`)).text)![1])

  it('ends headers, and a body, that do not arrive in time with 408', async () => {
    const post = 'POST /payments HTTP/1.1\r\nHost: x\r\nIdempotency-Key: slow\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{'
    for (const text of await Promise.all([answer('GET /health HTTP/1.1\r\nX-Slow: '), answer(post)]))
      assert.match(text, /^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*application\/problem\+json[\s\S]*"type":"\/problems\/request-timeout"/)
    const ended = (): string[] => api.log.filter(line => line.includes('ERR_HTTP_REQUEST_TIMEOUT'))
    await waitFor('both are logged', () => ended().length === 2)
    const [headersMs, bodyMs] = ended().map(line => Date.parse((JSON.parse(line) as { time: string }).time))
    assert.ok(bodyMs! - headersMs! > 1_000, 'headers have less time than a whole request')
  })

  it('lets a burst of connections wait until the process has time for them', async function () {
    const somaxconn = '/proc/sys/net/core/somaxconn'
    if (!existsSync(somaxconn) || Number(await readFile(somaxconn, 'utf8')) < 2_000)
      this.skip() // the kernel's own limit is lower
    api.process.kill('SIGSTOP')
    try {
      await Promise.all(Array.from({ length: 1_500 }, () => open('GET /health HTTP/1.1\r\nHost: x\r\n\r\n')))
    }
    finally {
      api.process.kill('SIGCONT')
    }
    assert.equal((await call(`${api.url}/health`)).status, 200)
  })

  it('ends headers that are too large with 431, and what is not HTTP with 400', async () => {
    assert.match(await answer(`GET /health HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 [\s\S]*"type":"\/problems\/headers-too-large"/)
    assert.match(await answer('nonsense\r\n\r\n'), /^HTTP\/1\.1 400 [\s\S]*"type":"\/problems\/malformed-request"/)
    assert.equal((await call(`${api.url}/health`)).status, 200)
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
