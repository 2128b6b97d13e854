import type { Api, ApiResponse } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import type { Load } from './support/load.ts'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { call, startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'
import { hostileSettings } from './support/hostile-settings.ts'
import { startLoad } from './support/load.ts'
import { waitFor } from './support/wait-for.ts'

describe('while the database changes, the API', () => {
  let database: TestDatabase
  let name: string
  let api: Api
  let load: Load | undefined

  beforeEach(async () => {
    database = await createDatabase()
    ;[{ name }] = await database.sql('select current_database() as name') as [{ name: string }]
    api = await startApi(database.url('payments_api'))
  })
  afterEach(async () => {
    await load?.stop().catch(() => {})
    load = undefined
    await api?.stop()
    await database?.drop()
  })

  const post = (key: string = randomUUID()): Promise<ApiResponse<{ type?: string, id?: string, createdAt?: string }>> =>
    call(`${api.url}/payments`, { body: { accountId: 'A', amount: '1.50', description: 'né' }, headers: { 'idempotency-key': key } })
  const get = (path: string): Promise<ApiResponse<Record<string, unknown>>> => call(`${api.url}${path}`)
  const endConnections = (): Promise<unknown> => database.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'payments-api%' and datname = current_database()`)
  const readCount = (): number => load!.statuses.get(200) ?? 0

  /** Waits for this number of further successful reads, so that the change affects the load. */
  async function waitForReads(reads: number): Promise<void> {
    const until = readCount() + reads
    await waitFor(`${reads} more reads are done`, () => readCount() >= until, 30_000)
  }
  function assertStatuses(...statuses: number[]): void {
    assert.deepEqual(load!.failures.slice(0, 3), [])
    assert.deepEqual([...load!.statuses.keys()].filter(status => !statuses.includes(status)), [])
  }

  it('serves every request during DDL that makes prepared statements stale', async () => {
    load = startLoad(api.url)
    await waitForReads(60)
    for (const ddl of [
      'alter table accounts alter updated_at type timestamptz(3)',
      'alter table recon_jobs alter attempts type int',
      'alter table payments add note text',
      'alter table recon_jobs add note text',
      'alter table accounts add note text',
      'alter table accounts alter updated_at type timestamptz(6)',
    ]) {
      await database.sql(ddl)
      await waitForReads(40)
    }
    await load.stop()
    assertStatuses(200, 201)
  })

  it('serves every request when the default isolation becomes serializable', async () => {
    await database.sql(`alter database ${name} set default_transaction_isolation = 'serializable'`)
    load = startLoad(api.url, 8)
    await waitForReads(300)
    await load.stop()
    assertStatuses(200, 201)
  })

  it('responds with 503, never 500, while its connections are terminated repeatedly', async () => {
    load = startLoad(api.url)
    for (let round = 0; round < 15; round++) {
      await endConnections()
      await waitForReads(4)
    }
    await load.stop()
    assertStatuses(200, 201, 503)
  })

  it('responds with 503 and Retry-After while its role may not log in, then recovers', async () => {
    assert.equal((await post()).status, 201)
    try {
      await database.sql('alter role payments_api nologin')
      await endConnections()
      for (const { status, headers } of [await post(), await get('/payments'), await get('/ready')])
        assert.deepEqual([status, headers.get('retry-after')], [503, '1'])
    }
    finally {
      await database.sql('alter role payments_api login')
    }
    await waitFor('the API accepts payments again', async () => (await post()).status === 201, 5_000)
  })

  it('responds with 503 and Retry-After while the database has too many connections, then recovers', async () => {
    try {
      await database.sql(`alter database ${name} connection limit 0`)
      await endConnections()
      for (const { status, headers } of [await post(), await get('/payments'), await get('/ready')])
        assert.deepEqual([status, headers.get('retry-after')], [503, '1'])
    }
    finally {
      await database.sql(`alter database ${name} connection limit -1`)
    }
    await waitFor('the API accepts payments again', async () => (await post()).status === 201, 5_000)
  })

  it('is not ready and responds with 503 and Retry-After while the database is read-only, then recovers', async () => {
    assert.deepEqual([(await post()).status, (await get('/ready')).status], [201, 200])
    await database.sql(`alter database ${name} set default_transaction_read_only = on`)
    await endConnections()
    for (const { status, headers } of [await post(), await get('/payments'), await get('/ready')])
      assert.deepEqual([status, headers.get('retry-after')], [503, '1'])
    await database.sql(`alter database ${name} reset default_transaction_read_only`)
    await waitFor('the API is ready and accepts payments', async () => (await get('/ready')).status === 200 && (await post()).status === 201, 5_000)
  })

  it('is not ready and responds with 503 when its open connections become read-only', async () => {
    assert.deepEqual([(await post()).status, (await get('/ready')).status], [201, 200])
    try {
      await database.sql('alter system set default_transaction_read_only = on')
      await database.sql('select pg_reload_conf()')
      await waitFor('the API is not ready', async () => (await get('/ready')).status === 503)
      await waitFor('the API refuses payments', async () => (await post()).headers.get('retry-after') === '1')
    }
    finally {
      await database.sql('alter system reset default_transaction_read_only')
      await database.sql('select pg_reload_conf()')
    }
    await waitFor('the API is ready and accepts payments', async () => (await get('/ready')).status === 200 && (await post()).status === 201, 5_000)
  })

  it('returns the same bytes after the defaults of the database and its roles change', async () => {
    const key = randomUUID()
    const first = await post(key)
    const paths = [`/payments/${first.body.id}`, '/payments', '/payments.csv', '/accounts', '/accounts/A', '/recon-jobs?status=pending', '/accounts/A/balance']
    const before = await Promise.all(paths.map(async path => (await get(path)).text))
    await hostileSettings(database)
    await endConnections()
    await waitFor('the API is ready', async () => (await get('/ready')).status === 200)
    assert.equal((await post(key)).text, first.text)
    assert.deepEqual(await Promise.all(paths.map(async path => (await get(path)).text)), before)
    const [row] = await database.sql(`select traceparent is null as "noTrace" from recon_jobs`)
    assert.deepEqual(row, { noTrace: true })
    const later = randomUUID()
    assert.equal((await post(later)).text, (await post(later)).text)
    assert.deepEqual(await database.sql(`select distinct traceparent from recon_jobs`), [{ traceparent: null }])
  })
})
