import type { Knex } from 'knex'
import type { NewPayment } from '../src/domain/payment.ts'
import type { Api, ApiResponse } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { pino } from 'pino'
import { groupCommit } from '../src/domain/group-commit.ts'
import { knownCurrencies } from '../src/domain/known-currencies.ts'
import { connect } from '../src/sql/connect.ts'
import { isLostConnection, isRefusedRow } from '../src/sql/database-errors.ts'
import { isRowLockTimeout } from '../src/sql/lock-waits.ts'
import { call, startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'
import { waitForListener } from './support/wait-for-listener.ts'
import { waitFor } from './support/wait-for.ts'
import { newPayment, writeThrough } from './support/write-payments.ts'

/** Three callers with different bodies race for each key. */
const RACED_KEYS = process.env.FULL ? 400 : 100

describe('an account', () => {
  let database: TestDatabase
  let one: Knex
  let other: Knex
  let rival: pg.Client

  beforeEach(async () => {
    database = await createDatabase()
    one = connect(database.url('payments_api'), 1, 'test', pino({ level: 'silent' }))
    other = connect(database.url('payments_api'), 1, 'test', pino({ level: 'silent' }))
    rival = new pg.Client({ connectionString: database.url() })
    await rival.connect()
  })
  afterEach(async () => {
    await Promise.all([one?.destroy(), other?.destroy(), rival?.end()])
    await database?.drop()
  })

  const customers = async (): Promise<string[]> =>
    (await database.sql<{ account: string }>(`select id || ' ' || currency as account from accounts where kind = 'customer' order by id`)).map(({ account }) => account)

  it('opens with its first payment, along with eight settlement accounts for a new currency', async () => {
    await writeThrough(one)([newPayment('a'), newPayment('b', { accountId: 'ACC-2', currency: 'CHF' }), newPayment('c')], true)
    assert.deepEqual(await customers(), ['ACC-1 USD', 'ACC-2 CHF'])
    assert.deepEqual(await database.sql(`select currency, count(*)::int as shards from accounts where kind = 'settlement' group by 1 order by 1`), [
      { currency: 'CHF', shards: 8 },
      { currency: 'USD', shards: 8 },
    ])
  })

  it('is not opened by a payment with a used key, and gets the currency of the next payment', async () => {
    const writeBatch = writeThrough(one)
    const write = groupCommit((payments: NewPayment[]) => writeBatch(payments, true), { refusedRow: isRefusedRow, lockedRow: isRowLockTimeout, lostConnection: isLostConnection })
    await write(newPayment('used'))
    const [reused, first, late] = await Promise.all([
      newPayment('used', { accountId: 'ACC-2' }),
      newPayment('free', { accountId: 'ACC-2', currency: 'EUR' }),
      newPayment('late', { accountId: 'ACC-2', currency: 'CHF' }),
    ].map(write))
    assert.deepEqual([reused, first, late].map(result => 'accountCurrency' in result! ? result : result!.accountId), ['ACC-1', 'ACC-2', { accountCurrency: 'EUR' }])
    await write(newPayment('used', { accountId: 'ACC-3' }))
    assert.deepEqual(await customers(), ['ACC-1 USD', 'ACC-2 EUR'])
  })

  it('cannot be opened without a payment', async () => {
    await one.raw('select open_accounts_of(array[gen_random_uuid()])')
    assert.deepEqual(await customers(), [])
  })

  it('has one currency when two processes race to open it; only the loser\'s payment is not written', async () => {
    for (let round = 0; round < 10; round++) {
      const batch = (currency: string): NewPayment[] => Array.from({ length: 60 }, (_, i) =>
        newPayment(`${round} ${currency} ${i}`, { accountId: `ACC-${round}-${i}`, currency: i % 3 === 0 ? currency : 'USD' }))
      const batches = [batch('EUR'), batch('CHF').toReversed()] as const
      const results = await Promise.all([writeThrough(one)(batches[0], true), writeThrough(other)(batches[1], true)])
      const accounts = new Map((await database.sql<{ id: string, currency: string }>('select id, currency from accounts')).map(({ id, currency }) => [id, currency]))
      const written = new Set((await database.sql<{ id: string }>('select id from payments')).map(({ id }) => id))
      for (const [i, payments] of batches.entries()) {
        for (const [n, { id, accountId, currency }] of payments.entries()) {
          const result = results[i]![n]!
          const accountCurrency = accounts.get(accountId)!
          assert.equal(written.has(id), accountCurrency === currency)
          assert.deepEqual('accountCurrency' in result ? result : result.id, written.has(id) ? id : { accountCurrency })
        }
      }
      assert.equal(written.size, (round + 1) * 100) // every third account gets one payment of two
    }
  })

  it('opens without waiting for a worker that is posting in its currency, or to an account of the same batch', async () => {
    await writeThrough(one)([newPayment('a')], true)
    await rival.query('begin')
    // Locks accounts as posting does; the API's lock_timeout of 2 s is the deadline.
    await rival.query(`select from accounts where id in ('ACC-1', 'settlement:USD:0') order by id for no key update`)
    await rival.query(`update accounts set updated_at = now() where id in ('ACC-1', 'settlement:USD:0')`)
    await writeThrough(one)([newPayment('b'), newPayment('c', { accountId: 'ACC-2' })], true)
    assert.deepEqual(await customers(), ['ACC-1 USD', 'ACC-2 USD'])
  })

  it('is forgotten alone to make room for a new one', () => {
    const currencies = knownCurrencies(3)
    const known = (): number[] => [1, 2, 3, 4, 5].filter(n => currencies.get(String(n)) === 'USD')
    for (const n of [1, 2, 3, 1, 4])
      currencies.remember(String(n), 'USD')
    assert.deepEqual(known(), [2, 3, 4])
    currencies.remember('5', 'USD')
    assert.deepEqual(known(), [3, 4, 5])
  })

  it('is opened again after a restore that lost it, once the API listens again', async () => {
    const api = await startApi(database.url('payments_api'))
    try {
      await waitForListener(database)
      const post = async (): Promise<number> => (await call(`${api.url}/payments`, { body: { accountId: 'LOST', amount: 1 }, headers: { 'idempotency-key': randomUUID() } })).status
      assert.equal(await post(), 201)
      await database.sql('set session_replication_role = replica; delete from recon_jobs; delete from payments; delete from accounts; reset session_replication_role')
      await database.sql(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name like 'payments-api%' and datname = current_database()`)
      await waitFor('a payment opens the account', async () => await post() === 201 && (await customers()).includes('LOST USD'))
    }
    finally {
      await api.stop()
    }
  })

  it('is forgotten on request, and the oldest of the new accounts still makes room', () => {
    const currencies = knownCurrencies(2)
    for (const n of [1, 2, 3])
      currencies.remember(String(n), 'USD')
    currencies.forget()
    assert.deepEqual(['1', '2', '3'].map(currencies.get), [undefined, undefined, undefined])
    for (const n of [4, 5, 6])
      currencies.remember(String(n), 'USD')
    assert.deepEqual(['4', '5', '6'].map(currencies.get), [undefined, 'USD', 'USD'])
  })

  describe('over HTTP', () => {
    const apis: Api[] = []
    beforeEach(async () => {
      apis.push(...await Promise.all([startApi(database.url('payments_api')), startApi(database.url('payments_api'))]))
    })
    afterEach(() => Promise.all(apis.splice(0).map(api => api.stop())))

    const post = (key: string, accountId: string, api: Api = apis[0]!): Promise<ApiResponse<{ type?: string }>> =>
      call(`${api.url}/payments`, { body: { accountId, amount: 1 }, headers: { 'idempotency-key': key } })
    const withoutPayment = (): Promise<unknown[]> => database.sql(`
      select id from accounts where kind = 'customer' and not exists (select from payments where account_id = accounts.id)`)

    it('does not exist while its first payment is refused', async () => {
      await rival.query('begin')
      await rival.query('lock table payments in share mode')
      assert.notEqual((await post(randomUUID(), 'ACC-1')).status, 201)
      await rival.query('rollback')
      assert.deepEqual(await customers(), [])
    })

    it('that is locked does not delay payments to a known account', async () => {
      assert.equal((await post(randomUUID(), 'KNOWN')).status, 201)
      await rival.query('begin')
      await rival.query('lock table accounts in share mode')
      const held = post(randomUUID(), 'NEW')
      await waitFor('the payment to the new account waits', async () => (await database.sql(`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`)).length > 0)
      assert.equal((await post(randomUUID(), 'KNOWN')).status, 201)
      assert.equal((await database.sql(`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`)).length, 1)
      await rival.query('rollback')
      assert.equal((await held).status, 201)
    })

    it('always has a payment, even if callers race for keys and a process is killed', async () => {
      const requests = Array.from({ length: 3 * RACED_KEYS }, (_, i) => ({ key: `key-${i % RACED_KEYS}`, accountId: `ACC-${i}`, status: 0 }))
      const send = (api: Api): Promise<unknown> => Promise.allSettled(requests.filter(({ status }) => status !== 201 && status !== 422).map(async (request) => {
        request.status = (await post(request.key, request.accountId, api)).status
      }))
      await rival.query('begin')
      await rival.query('lock table payments in share mode')
      const doomed = send(apis[0]!)
      await waitFor('a write is in flight', async () => (await database.sql(`select from pg_stat_activity where application_name = 'payments-api write' and wait_event_type = 'Lock' and datname = current_database()`)).length > 0)
      apis[0]!.process.kill('SIGKILL')
      await doomed
      await rival.query('rollback')
      requests.reverse() // now other bodies come first
      await waitFor('every request is created or refused', async () => {
        await send(apis[1]!)
        return requests.every(({ status }) => status === 201 || status === 422)
      }, 30_000)
      assert.deepEqual(await withoutPayment(), [])
      assert.deepEqual(await database.sql('select count(*)::int as payments, (select count(*)::int from recon_jobs) as jobs from payments'), [{ payments: RACED_KEYS, jobs: RACED_KEYS }])
    })
  })
})
