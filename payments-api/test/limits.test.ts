import type { Socket } from 'node:net'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { MAX_CLIENTS } from '../src/domain/event-hub.ts'
import { call } from './support/api.ts'
import { useApi } from './support/use-api.ts'
import { waitFor } from './support/wait-for.ts'

describe('a limit of the API', () => {
  const { database, api } = useApi()
  const sockets: Socket[] = []

  afterEach(() => sockets.splice(0).forEach(socket => socket.destroy()))

  async function open(sent: string): Promise<Socket> {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1').on('error', () => {})
    sockets.push(socket)
    await once(socket, 'connect', { signal: AbortSignal.timeout(8_000) })
    socket.write(sent)
    return socket
  }
  /** Sends bytes and returns everything that the server sends until it closes the connection. */
  async function responseTo(sent: string): Promise<string> {
    let text = ''
    for await (const chunk of await open(sent))
      text += String(chunk)
    return text
  }
  const streams = async (): Promise<number> => Number(/^event_stream_clients (\d+)/m.exec((await call(`${api.url}/metrics`)).text)![1])

  it('responds with 408 when headers or a body do not arrive in time', async () => {
    const post = 'POST /payments HTTP/1.1\r\nHost: x\r\nIdempotency-Key: slow\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{'
    for (const text of await Promise.all([responseTo('GET /health HTTP/1.1\r\nX-Slow: '), responseTo(post)]))
      assert.match(text, /^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*application\/problem\+json[\s\S]*"type":"\/problems\/request-timeout"/)
    const timeouts = (): string[] => api.log.filter(line => line.includes('ERR_HTTP_REQUEST_TIMEOUT'))
    await waitFor('both are logged', () => timeouts().length === 2)
    const [headersMs, bodyMs] = timeouts().map(line => Date.parse((JSON.parse(line) as { time: string }).time))
    assert.ok(bodyMs! - headersMs! > 1_000, 'headers have less time than a whole request')
  })

  it('keeps a burst of connections until the process can accept them', async function () {
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

  it('responds with 431 to headers that are too large, and with 400 to input that is not HTTP', async () => {
    assert.match(await responseTo(`GET /health HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 [\s\S]*"type":"\/problems\/headers-too-large"/)
    assert.match(await responseTo('nonsense\r\n\r\n'), /^HTTP\/1\.1 400 [\s\S]*"type":"\/problems\/malformed-request"/)
    assert.equal((await call(`${api.url}/health`)).status, 200)
  })

  it('refuses event streams above the limit, and accepts them again when others end', async () => {
    for (let i = 0; i < MAX_CLIENTS; i++)
      await open('GET /events HTTP/1.1\r\nHost: x\r\n\r\n')
    await waitFor('all streams are open', async () => await streams() === MAX_CLIENTS)
    assert.match(await responseTo('GET /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 503 [\s\S]*Retry-After: 1\r\n/)
    sockets.forEach(socket => socket.destroy())
    await waitFor('all streams have ended', async () => await streams() === 0)
  })

  it('disconnects only the event stream whose client does not read', async () => {
    const [slow, other] = [await open('GET /events HTTP/1.1\r\nHost: x\r\n\r\n'), await open('GET /events HTTP/1.1\r\nHost: x\r\n\r\n')]
    slow.pause()
    other.resume()
    await waitFor('both streams are open', async () => await streams() === 2)
    const payload = JSON.stringify({ completed: Array.from({ length: 200 }, () => randomUUID()) })
    await waitFor('one stream is disconnected', async () => {
      await database.sql(`select pg_notify('payment_events', $1 || repeat(' ', n)) from generate_series(1, 50) n`, [payload.slice(0, 7_900)])
      return await streams() < 2
    }, 30_000)
    assert.equal(await streams(), 1)
    assert.equal(other.destroyed, false)
  })
})
