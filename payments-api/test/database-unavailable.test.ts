import type { Api, ApiResponse } from './support/api.ts'
import type { DatabaseProxy } from './support/database-proxy.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import pg from 'pg'
import { pino } from 'pino'
import { connect } from '../src/sql/connect.ts'
import { call, startApi } from './support/api.ts'
import { startDatabaseProxy } from './support/database-proxy.ts'
import { createDatabase } from './support/database.ts'
import { waitFor } from './support/wait-for.ts'

describe('an API whose database does not respond', () => {
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

  const post = (key: string = randomUUID(), accountId = 'A'): Promise<ApiResponse<{ type?: string, id?: string }>> =>
    call(`${api.url}/payments`, { body: { accountId, amount: 1 }, headers: { 'idempotency-key': key } })
  const get = (path: string): Promise<ApiResponse<{ type?: string }>> => call(`${api.url}${path}`)

  /** Measured by the API itself, because this process may be busy. */
  async function assertWithin2s(): Promise<void> {
    const { text } = await call(`${api.url}/metrics`)
    const counts = [...text.matchAll(/^http_request_duration_seconds_bucket\{le="(2|\+Inf)",(.*status="503")\} (\d+)$/gm)]
    const of = (le: string): string[] => counts.filter(([, at]) => at === le).map(([, , series, count]) => `${series}: ${count}`)
    assert.ok(of('2').length > 0)
    assert.deepEqual(of('2'), of('+Inf'))
  }

  /** Changes a setting, and restarts the API: a connection keeps the settings that it was opened with. */
  async function restartWith(setting: string, value: string): Promise<void> {
    const [{ name }] = await database.sql('select current_database() as name') as [{ name: string }]
    await database.sql(`alter role payments_api in database ${name} set ${setting} = '${value}'`)
    await api.stop()
    api = await startApi(proxy.url)
  }

  /** Holds a lock on payments that blocks all reads and writes. */
  async function whilePaymentsAreLocked(run: (unlock: () => Promise<unknown>) => Promise<void>): Promise<void> {
    const rival = new pg.Client({ connectionString: database.url() })
    await rival.connect()
    try {
      await rival.query('begin')
      await rival.query('lock table payments in access exclusive mode')
      await run(() => rival.query('rollback'))
    }
    finally {
      await rival.end()
    }
  }

  it('responds with 503 within 2 s to all but /health while the database is down, then recovers', async () => {
    assert.deepEqual([(await post()).status, (await get('/ready')).status], [201, 200])
    proxy.refuse()
    for (const request of [post, () => get('/ready'), () => get('/payments'), () => get('/payments.csv'), () => get('/accounts/A/balance')])
      assert.equal((await request()).status, 503)
    assert.equal((await get('/health')).status, 200)
    await assertWithin2s()
    proxy.restore()
    await waitFor('the API accepts payments again', async () => (await post()).status === 201)
    assert.equal((await get('/ready')).status, 200)
  })

  it('responds with 503 within 2 s to all but /health while the network drops packets, then recovers', async () => {
    assert.deepEqual([(await post()).status, (await get('/ready')).status], [201, 200])
    proxy.blackhole()
    const keys = [randomUUID(), randomUUID(), randomUUID()]
    for (const key of keys) { // on open connections, then twice on new ones
      const responses = await Promise.all([post(key), post(randomUUID(), 'NEW'), get('/ready'), get('/payments'), get('/payments.csv'), get('/accounts/A/balance')])
      assert.deepEqual(responses.map(({ status }) => status), responses.map(() => 503))
    }
    assert.equal((await get('/health')).status, 200)
    await assertWithin2s()
    proxy.restore()
    for (const key of keys)
      await waitFor('the API accepts payments again', async () => (await post(key)).status === 201)
    assert.deepEqual(await database.sql('select count(*)::int as n from payments'), [{ n: 4 }])
    assert.equal((await get('/ready')).status, 200)
  })

  it('makes each payment once, with its first response, when the connection breaks after the commit', async () => {
    await post()
    const lost = proxy.loseResponse()
    const responses = await Promise.all(Array.from({ length: 20 }, () => post()))
    await lost
    assert.deepEqual(responses.map(({ status, headers }) => [status, headers.get('idempotent-replayed')]), responses.map(() => [201, null]))
    const rows = await database.sql<{ id: string }>('select id from payments')
    assert.equal(rows.length, 21)
    assert.deepEqual(responses.filter(({ body }) => !rows.some(row => row.id === body.id)), [])
  })

  it('does not report the database as unavailable while the process itself is too busy to read', async () => {
    const db = connect(database.url('payments_api'), 1, 'test', pino({ level: 'silent' }))
    try {
      const responses = Promise.all([db.raw('select 1'), db.raw('select 1')]) // one opens the connection, one waits for it
      await setImmediate()
      const untilMs = performance.now() + 2_000
      while (performance.now() < untilMs);
      await responses
    }
    finally {
      await db.destroy()
    }
  })

  it('lets a payment wait for a slow database, and does not mistake it for a cut network', async () => {
    await post()
    await whilePaymentsAreLocked(async (unlock) => {
      const response = post()
      await waitFor('the write has waited for 1.2 s', async () => (await database.sql(`
        select from pg_stat_activity where application_name = 'payments-api write' and datname = current_database()
           and wait_event_type = 'Lock' and now() - query_start > interval '1.2 s'`)).length === 1)
      await unlock()
      assert.equal((await response).status, 201)
    })
  })

  it('responds with 503 within 2 s while every connection is busy', async () => {
    await restartWith('lock_timeout', '9s') // keeps the connections busy
    await whilePaymentsAreLocked(async () => {
      const waiting = Array.from({ length: 6 }, () => get('/payments'))
      await waitFor('six reads wait', async () => (await database.sql(`select from pg_stat_activity where application_name = 'payments-api read' and wait_event_type = 'Lock' and datname = current_database()`)).length === 6)
      const { status, body, headers } = await get('/accounts')
      assert.deepEqual([status, body.type, headers.get('retry-after')], [503, '/problems/unavailable', '1'])
      await assertWithin2s()
      void Promise.allSettled(waiting)
    })
    await waitFor('a connection is free', async () => (await get('/accounts')).status === 200)
  })

  it('responds with 503 when a statement times out', async () => {
    const [limits] = await database.sql(`select rolconfig as settings from pg_roles where rolname = 'payments_api'`) as { settings: string[] }[]
    assert.ok(limits?.settings.includes('statement_timeout=10s') && limits.settings.includes('lock_timeout=2s'), String(limits?.settings))
    await restartWith('statement_timeout', '200ms')
    // On a busy machine, the first read may find no connection in time, which is another cause.
    await waitFor('a read that timed out is logged', async () => {
      await whilePaymentsAreLocked(async () => assert.equal((await get('/payments')).status, 503))
      return api.log.some(line => line.includes('statement timeout'))
    }, 30_000)
  })
})
