import type { Answer, Api } from './support/api.ts'
import type { DatabaseProxy } from './support/database-proxy.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { call, startApi } from './support/api.ts'
import { startDatabaseProxy } from './support/database-proxy.ts'
import { createDatabase } from './support/database.ts'
import { waitFor } from './support/wait-for.ts'

describe('while the database gives no answer', () => {
  let database: TestDatabase
  let proxy: DatabaseProxy
  let api: Api

  beforeEach(async () => {
    database = await createDatabase()
    proxy = await startDatabaseProxy(database.url('payments_api'))
    api = await startApi(proxy.url)
  })
  afterEach(async () => {
    await api?.stop()
    proxy?.close()
    await database?.drop()
  })

  const post = (): Promise<Answer<{ type?: string }>> =>
    call(`${api.url}/payments`, { body: { accountId: 'A', amount: 1 }, headers: { 'idempotency-key': randomUUID() } })
  const get = (path: string): Promise<Answer<{ type?: string }>> => call(`${api.url}${path}`)

  /** The API promises 2 s; a busy machine adds to that, but not what the connections' own timeouts are, 10 s and more. */
  async function soon<Result>(work: Promise<Result>): Promise<Result> {
    const startedAt = performance.now()
    const result = await work
    const tookMs = performance.now() - startedAt
    assert.ok(tookMs < 5_000, `took ${tookMs.toFixed(0)} ms`)
    return result
  }

  /** For the connections that the API opens from now on. */
  async function set(setting: string, value: string): Promise<void> {
    const [{ name }] = await database.sql('select current_database() as name') as [{ name: string }]
    await database.sql(`alter role payments_api in database ${name} set ${setting} = '${value}'`)
  }

  /** Holds a lock on payments that no read and no write gets past. */
  async function whilePaymentsAreLocked(run: () => Promise<void>): Promise<void> {
    const rival = new pg.Client({ connectionString: database.url() })
    await rival.connect()
    try {
      await rival.query('begin')
      await rival.query('lock table payments in access exclusive mode')
      await run()
    }
    finally {
      await rival.end()
    }
  }

  it('because it is down, everything but /health is 503 within 2 s, and all is well once it is back', async () => {
    assert.deepEqual([(await post()).status, (await get('/ready')).status], [201, 200])
    proxy.refuse()
    for (const request of [post, () => get('/ready'), () => get('/payments'), () => get('/accounts/A/balance')])
      assert.equal((await soon(request())).status, 503)
    assert.equal((await get('/health')).status, 200)
    proxy.restore()
    await waitFor('it takes payments again', async () => (await post()).status === 201)
    assert.equal((await get('/ready')).status, 200)
  })

  it('because the network swallows what is sent, /ready is red within 2 s, and all is well once it is back', async () => {
    assert.equal((await get('/ready')).status, 200)
    proxy.swallow()
    assert.equal((await soon(get('/ready'))).status, 503)
    assert.equal((await soon(get('/ready'))).status, 503)
    proxy.restore()
    await waitFor('it is ready again', async () => (await get('/ready')).status === 200)
    assert.equal((await post()).status, 201)
  })

  it('because every connection is taken, a request waits a bounded time for one and is 503', async () => {
    await set('lock_timeout', '9s') // so that the connections stay taken
    await whilePaymentsAreLocked(async () => {
      const waiting = Array.from({ length: 6 }, () => get('/payments'))
      await waitFor('six reads wait', async () => (await database.sql(`select from pg_stat_activity where application_name = 'payments-api read' and wait_event_type = 'Lock' and datname = current_database()`)).length === 6)
      const { status, body, headers } = await soon(get('/accounts'))
      assert.deepEqual([status, body.type, headers.get('retry-after')], [503, '/problems/unavailable', '1'])
      void Promise.allSettled(waiting)
    })
    await waitFor('there is a connection', async () => (await get('/accounts')).status === 200)
  })

  it('because a statement takes too long, the request is 503', async () => {
    const [limits] = await database.sql(`select rolconfig as settings from pg_roles where rolname = 'payments_api'`) as { settings: string[] }[]
    assert.ok(limits?.settings.includes('statement_timeout=10s') && limits.settings.includes('lock_timeout=2s'), String(limits?.settings))
    await set('statement_timeout', '200ms')
    await whilePaymentsAreLocked(async () => assert.equal((await soon(get('/payments'))).status, 503))
    await waitFor('the cause is logged', () => api.log.some(line => line.includes('statement timeout')))
  })
})
