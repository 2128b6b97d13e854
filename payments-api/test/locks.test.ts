import type { Api, ApiResponse } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { call, startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'

/** Replaces the role's lock_timeout of 2 s. */
const LOCK_TIMEOUT_MS = 300

describe('a payment whose write waits for a lock', () => {
  let database: TestDatabase
  let api: Api
  let rival: pg.Client

  const post = (key: string, accountId = 'KNOWN'): Promise<ApiResponse<{ type?: string }>> =>
    call(`${api.url}/payments`, { body: { accountId, amount: 1 }, headers: { 'idempotency-key': key } })

  before(async () => {
    database = await createDatabase()
    const [{ name }] = await database.sql('select current_database() as name') as [{ name: string }]
    await database.sql(`alter role payments_api in database ${name} set lock_timeout = '${LOCK_TIMEOUT_MS}ms'`)
    api = await startApi(database.url('payments_api'))
    assert.equal((await post(randomUUID())).status, 201)
  })
  after(async () => {
    await api?.stop()
    await database?.drop()
  })
  beforeEach(async () => {
    rival = new pg.Client({ connectionString: database.url() })
    await rival.connect()
    await rival.query('begin')
  })
  afterEach(() => rival?.end())

  const insert = (key: string): Promise<unknown> => rival.query(`
    insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
    values (gen_random_uuid(), 'anonymous', $1, sha256(''), 'KNOWN', 'USD', 1.00, '', now(), now())`, [key])

  const tables: [string, string, string][] = [
    ...['share', 'share row exclusive', 'exclusive', 'access exclusive'].map((mode): [string, string, string] => ['payments', mode, 'KNOWN']),
    ['recon_jobs', 'share', 'KNOWN'],
    ['payments', 'share', 'NEW'],
    ['accounts', 'share', 'NEW'],
  ]
  for (const [table, mode, account] of tables) {
    it(`is 503, not 409, while ${table} is locked in ${mode} mode; account: ${account}`, async () => {
      await rival.query(`lock table ${table} in ${mode} mode`)
      const responses = await Promise.all(Array.from({ length: 4 }, () => post(randomUUID(), account)))
      for (const { status, body, headers } of responses)
        assert.deepEqual([status, body.type, headers.get('retry-after')], [503, '/problems/unavailable', '1'])
    })
  }

  it('is 503, not 409, while a rival opens its account; other payments are accepted', async () => {
    await rival.query(`select open_account('RIVALS', 'USD')`)
    const [held, ...others] = await Promise.all([post(randomUUID(), 'RIVALS'), post(randomUUID()), post(randomUUID(), 'NEW-1')])
    assert.deepEqual([held.status, held.body.type, held.headers.get('retry-after')], [503, '/problems/unavailable', '1'])
    assert.deepEqual(others.map(({ status }) => status), [201, 201])
  })

  for (const account of ['KNOWN', 'NEW-2']) {
    it(`is 409 while a rival holds its key, and other payments are accepted; account: ${account}`, async () => {
      const [held, other] = [randomUUID(), randomUUID()]
      await insert(held)
      const [blocked, ...rest] = await Promise.all([post(held, account), post(other, account), post(randomUUID(), account)])
      assert.deepEqual([blocked.status, blocked.body.type, blocked.headers.get('retry-after')], [409, '/problems/idempotency-key-in-use', '1'])
      assert.deepEqual(rest.map(({ status }) => status), [201, 201])
    })
  }

  it('is replayed while a frozen worker settles it, under the same key only', async () => {
    const key = randomUUID()
    const { body: first } = await post(key)
    await rival.query('set local session_replication_role = replica') // a trigger lets only results settle payments
    await rival.query(`update payments set status = 'completed', updated_at = now() where idempotency_key = $1`, [key])
    const [replayed, reused] = await Promise.all([post(key), post(key, 'NEW-4')])
    assert.deepEqual([replayed.status, replayed.body, replayed.headers.get('idempotent-replayed')], [201, first, 'true'])
    assert.deepEqual([reused.status, reused.body.type], [422, '/problems/idempotency-key-reused'])
  })

  it('does not wait for rows that it does not need, whatever a rival has locked', async () => {
    await rival.query('select from accounts for update')
    await rival.query('select from payments for update')
    await rival.query('select from recon_jobs for update')
    assert.deepEqual((await Promise.all([post(randomUUID()), post(randomUUID(), 'NEW-3')])).map(({ status }) => status), [201, 201])
  })
})
