import type { Api } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import pg from 'pg'
import { extendAnchors } from '../src/domain/daily-anchor.ts'
import { checkInvariants, readPasses } from '../src/sql/check-invariants.ts'
import { addDailyAnchor, isAnchorDue } from '../src/sql/daily-anchor.ts'
import { call, startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'

describe('the daily anchor', () => {
  let database: TestDatabase
  let api: Api
  let url: string
  let logged: [string, object | string][]
  const log = Object.fromEntries(['info', 'warn', 'error'].map(level => [level, (what: object | string) => logged.push([level, what])])) as unknown as Parameters<typeof extendAnchors>[0]['log']

  beforeEach(async () => {
    database = await createDatabase()
    url = database.url('payments_prover')
    api = await startApi(database.url('payments_api'))
    logged = []
    await database.sql(`do $$ begin execute format('revoke temporary on database %I from public', current_database()); end $$`) // a copy of a database has the default rights
  })
  afterEach(async () => {
    await api?.stop()
    await database?.drop()
  })

  const pay = (key: string): Promise<unknown> => call(`${api.url}/payments`, { body: { accountId: 'ACC-1', amount: '5.00' }, headers: { 'idempotency-key': key } })
  const extend = (): Promise<void> => extendAnchors({ passes: readPasses(), check: checkInvariants(url), isDue: () => isAnchorDue(url), add: () => addDailyAnchor(url), log })
  const anchors = (): Promise<{ seq: number, payments: string, text: string }[]> => database.sql(`select seq, payments, seq || ':' || encode(digest, 'hex') as text from audit_anchors order by seq`)
  /** Makes the first anchor a day older, as if it had been added then. */
  const ageAnchor = (): Promise<unknown> => database.sql(`
    set session_replication_role = replica;
    update audit_anchors
       set created_at = old.created_at,
           digest = sha256(int4send(seq) || int8send(payments) || int8send(results) || contents || textsend(snapshot::text) || timestamptz_send(old.created_at))
      from (select created_at - interval '25 hours' as created_at from audit_anchors) old;
    set session_replication_role = origin`)

  it('is added once the first payment or the last anchor is a day old, if the invariants hold, and is logged', async () => {
    await extend()
    await pay('key-1')
    await extend()
    assert.deepEqual(await anchors(), [], 'no payment is a day old')
    await database.sql('select add_anchor()')
    await extend()
    await ageAnchor()
    await pay('key-2')
    await Promise.all([extend(), extend()]) // two processes
    const [, second, ...others] = await anchors()
    assert.deepEqual(logged, [['info', { anchor: second?.text }]])
    assert.deepEqual([second?.payments, others], ['1', []])
  }).timeout(90_000)

  it('is not added while the books are broken: audits begin at the last anchor', async () => {
    await pay('key-3')
    await database.sql('select add_anchor()')
    await ageAnchor()
    await database.sql(`set session_replication_role = replica; update accounts set balance = balance + 1 where id = 'ACC-1'; set session_replication_role = origin`)
    await extend()
    assert.equal((await anchors()).length, 1)
    assert.deepEqual(logged, [['error', { broken: ['account-balance-is-the-sum-of-its-entries'] }]])
  }).timeout(60_000)

  it('is all that its login may add: one a day', async () => {
    await pay('key-4')
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      await client.query('begin read write')
      assert.deepEqual((await client.query('select seq from add_daily_anchor()')).rows, [{ seq: null }])
      await assert.rejects(client.query('select add_anchor()'), { code: '42501' })
    }
    finally {
      await client.end()
    }
  })
})
