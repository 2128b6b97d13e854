import type { Api, ApiResponse } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import pg from 'pg'
import { MAX_WAITING } from '../src/domain/in-batches.ts'
import { call, startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'
import { waitFor } from './support/wait-for.ts'

/** Requests that one connection sends without waiting for responses, which arrive in order. */
const PIPELINED = 100
const CONNECTIONS = MAX_WAITING / PIPELINED + 5

describe('more payments than the database can take', () => {
  let database: TestDatabase
  let api: Api
  let rival: pg.Client

  beforeEach(async () => {
    database = await createDatabase()
    const [{ name }] = await database.sql('select current_database() as name') as [{ name: string }]
    await database.sql(`alter role payments_api in database ${name} set lock_timeout = '9s'`) // keeps blocked writes blocked
    api = await startApi(database.url('payments_api'))
    rival = new pg.Client({ connectionString: database.url() })
    await rival.connect()
  })
  afterEach(async () => {
    await rival?.end()
    await api?.stop()
    await database?.drop()
  })

  const post = (accountId: string): Promise<ApiResponse<{ type?: string }>> =>
    call(`${api.url}/payments`, { body: { accountId, amount: 1 }, headers: { 'idempotency-key': randomUUID() } })

  /** Sends payments faster than the API can accept them. Returns the responses of each connection as text. */
  async function flood(account: () => string): Promise<string[]> {
    const { port } = new URL(api.url)
    return Promise.all(Array.from({ length: CONNECTIONS }, async () => {
      const socket = connect(Number(port), '127.0.0.1')
      socket.write(Array.from({ length: PIPELINED }, (_, i) => {
        const body = JSON.stringify({ accountId: account(), amount: 1 })
        return `POST /payments HTTP/1.1\r\nHost: x\r\n${i + 1 === PIPELINED ? 'Connection: close\r\n' : ''}Idempotency-Key: ${randomUUID()}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
      }).join(''))
      let text = ''
      for await (const chunk of socket)
        text += String(chunk)
      return text
    }))
  }

  /** How long the API took to refuse each payment, in ms, from its log, because this process may be busy. */
  const tookToRefuse = (): number[] => api.log
    .map(line => JSON.parse(line) as { res?: { statusCode: number }, responseTime?: number })
    .flatMap(({ res, responseTime }) => res?.statusCode === 503 ? [responseTime!] : [])

  for (const [what, table, account] of [['a write', 'payments', () => 'A'], ['the look-up of their accounts', 'accounts', randomUUID]] as const) {
    it(`are refused with 503 and Retry-After while ${what} is blocked: at once if many wait, and none after a long wait`, async () => {
      assert.equal((await post('A')).status, 201)
      await rival.query('begin')
      await rival.query(`lock table ${table} in access exclusive mode`)
      const held: Promise<ApiResponse<{ type?: string }>>[] = []
      for (const count of [1, 2]) {
        held.push(post(account()))
        await waitFor('the write is in flight', async () => (await database.sql(`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`)).length === count)
      }

      const responses = (await flood(account)).join('').split(/(?=HTTP\/1\.1 )/)
      assert.equal(responses.length, PIPELINED * CONNECTIONS)
      for (const response of responses)
        assert.match(response, /^HTTP\/1\.1 503 [\s\S]*\r\nRetry-After: 1\r\n[\s\S]*"type":"\/problems\/overloaded"/)
      await waitFor('every refusal is logged', () => tookToRefuse().length === responses.length)
      const tookMs = tookToRefuse()
      assert.ok(tookMs.filter(ms => ms < 1_000).length >= PIPELINED, 'no payment was refused at once')
      assert.ok(Math.max(...tookMs) < 8_000, `a payment waited for ${Math.max(...tookMs)} ms`)
      await rival.query('rollback')
      await Promise.allSettled(held)
      assert.equal((await post('A')).status, 201)
    })
  }
})
