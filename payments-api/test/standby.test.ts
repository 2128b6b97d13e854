import type { Api, ApiResponse } from './support/api.ts'
import type { DatabaseProxy } from './support/database-proxy.ts'
import type { TestDatabase } from './support/database.ts'
import type { Standby } from './support/standby.ts'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { call, startApi } from './support/api.ts'
import { startDatabaseProxy } from './support/database-proxy.ts'
import { createDatabase } from './support/database.ts'
import { startStandby } from './support/standby.ts'
import { waitForListener } from './support/wait-for-listener.ts'
import { waitFor } from './support/wait-for.ts'

/** Rounds of requests while the proxy points at the standby; 100 take about 10 s. */
const ROUNDS = process.env.FULL === '1' ? 100 : 5

describe('a proxy that points at a standby', () => {
  let database: TestDatabase
  let standby: Standby | undefined
  let proxy: DatabaseProxy
  let api: Api

  before(async function () {
    database = await createDatabase()
    standby = await startStandby(database)
    if (!standby)
      this.skip() // the test server runs in a container or elsewhere, so its data folder is not available
  })
  after(async () => {
    await api?.stop()
    proxy?.close()
    await standby?.stop()
    await database?.drop()
  })

  it('gets no connection: requests are 503 with Retry-After, until the proxy points at the primary', async () => {
    proxy = await startDatabaseProxy(database.url('payments_api'))
    api = await startApi(proxy.url)
    const post = (): Promise<ApiResponse<unknown>> => call(`${api.url}/payments`, { body: { accountId: 'A', amount: 1 }, headers: { 'idempotency-key': randomUUID() } })
    const get = (path: string): Promise<ApiResponse<unknown>> => call(`${api.url}${path}`)
    await waitForListener(database)
    assert.deepEqual([(await post()).status, (await get('/ready')).status], [201, 200])

    proxy.pointAt(standby!.url('payments_api'))
    for (let round = 0; round < ROUNDS; round++) {
      for (const { status, headers } of await Promise.all([post(), get('/ready'), get('/payments'), get('/accounts/A')]))
        assert.deepEqual([status, headers.get('retry-after')], [503, '1'])
    }
    const client = new pg.Client({ connectionString: standby!.url() })
    await client.connect()
    try {
      await waitFor('the standby has no idle connection', async () => (await client.query(`select from pg_stat_activity where application_name like 'payments-api%' and state = 'idle' and state_change < now() - interval '0.2 s'`)).rowCount === 0)
    }
    finally {
      await client.end()
    }

    proxy.pointAt(database.url('payments_api'))
    await waitFor('the API is ready and accepts payments', async () => (await get('/ready')).status === 200 && (await post()).status === 201, 5_000)
    assert.equal((await get('/payments')).status, 200)
    await waitForListener(database)
  })
})
