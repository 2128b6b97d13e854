import type { Socket } from 'node:net'
import type { Api } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'
import { waitForListener } from './support/wait-for-listener.ts'
import { waitFor } from './support/wait-for.ts'

const CLIENTS = 1_000
const PER_SECOND = 100
const SECONDS = 8
const WARM_UP_SECONDS = 3
/** Linux counts CPU time in hundredths of a second on every platform that Node supports. */
const TICKS_PER_SECOND = 100

/** Takes 20 s of an idle machine, so only `FULL=1 npm test` runs it. */
describe('GET /events with 1,000 clients that only read', () => {
  let database: TestDatabase
  let api: Api
  const sockets: Socket[] = []
  /** The id in the last event of a measurement, and how many clients have received it. */
  let marker = 'none'
  const reached = new Map<string, number>()

  before(async function () {
    if (process.env.FULL !== '1' || !existsSync('/proc/self/stat'))
      this.skip() // needs FULL=1, and /proc for the CPU time of a process
    database = await createDatabase()
    api = await startApi(database.url('payments_api'))
    await waitForListener(database)
  })
  after(async () => {
    for (const socket of sockets)
      socket.destroy()
    await api?.stop()
    await database?.drop()
  })

  function cpuSeconds(): number {
    const stat = readFileSync(`/proc/${api.process.pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  }

  /** Makes payments at the rate and notifies each as settled. Returns the cores used until all clients have received every event. */
  async function coresUnderLoad(seconds: number): Promise<number> {
    const inFlight = new Set<Promise<void>>()
    const begin = performance.now()
    const cpuBefore = cpuSeconds()
    let sent = 0
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        const elapsed = performance.now() - begin
        if (elapsed > seconds * 1_000) {
          clearInterval(timer)
          return resolve()
        }
        for (; sent < elapsed / 1_000 * PER_SECOND; sent++) {
          const payment = payAndSettle().finally(() => inFlight.delete(payment))
          inFlight.add(payment)
        }
      }, 5)
    })
    await Promise.all(inFlight)
    // On a busy machine the process lags behind: include its remaining work in the figure.
    const last = randomUUID()
    marker = last
    await database.sql(`select pg_notify('payment_events', $1)`, [JSON.stringify({ completed: [last] })])
    await waitFor('every client has every event', () => reached.get(last) === sockets.length || sockets.length === 0, 120_000)
    return (cpuSeconds() - cpuBefore) / seconds
  }

  /** Resolves after the last notification: a single connection sends one at a time. */
  let notified: Promise<unknown> = Promise.resolve()

  async function payAndSettle(): Promise<void> {
    const res = await fetch(`${api.url}/payments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body: '{"accountId":"ACC","amount":"1.00"}',
    })
    const { id } = await res.json() as { id: string }
    notified = notified.then(() => database.sql(`select pg_notify('payment_events', $1)`, [JSON.stringify({ completed: [id] })]))
    await notified
  }

  it(`sends every event at ${PER_SECOND} payments/s, and prints the CPU time used`, async () => {
    await coresUnderLoad(WARM_UP_SECONDS)
    const alone = await coresUnderLoad(SECONDS)
    let received = 0
    for (let i = 0; i < CLIENTS; i++) {
      const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
      sockets.push(socket)
      await once(socket, 'connect')
      socket.write('GET /events HTTP/1.1\r\nHost: api\r\n\r\n')
      socket.on('data', (chunk) => {
        received += chunk.length
        if (chunk.includes(marker))
          reached.set(marker, (reached.get(marker) ?? 0) + 1)
      })
    }
    const cores = await coresUnderLoad(SECONDS)
    process.stdout.write(`      ${cores.toFixed(3)} of a core with clients, ${alone.toFixed(3)} without; ${(received / 1e6).toFixed(0)} MB sent\n`)
    assert.equal(sockets.filter(socket => socket.destroyed).length, 0, 'clients were cut off')
  }).timeout(300_000)
})
