import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { requestHash } from '../src/domain/request-hash.ts'
import { call } from './support/api.ts'
import { seedPayments } from './support/seed-payments.ts'
import { useApi } from './support/use-api.ts'

interface Problem { type: string, errors: { pointer: string, detail: string }[] }

describe('currencies', () => {
  const { database, api } = useApi()

  const post = <Body = Problem>(body: unknown, key: string = randomUUID()): ReturnType<typeof call<Body>> =>
    call<Body>(`${api.url}/payments`, { body, headers: { 'idempotency-key': key } })

  for (const currency of ['XXX', 'XTS', 'XAU', 'XDR', 'CLF', 'USN', 'UYW', 'ANG', 'BGN', 'HRK', 'DEM', 'ABC']) {
    it(`refuse ${currency} with 422 and open no account`, async () => {
      const { status, body } = await post({ accountId: `NEW-${currency}`, amount: '1.00', currency })
      assert.equal(status, 422)
      assert.equal(body.type, '/problems/validation')
      assert.deepEqual(body.errors.map(error => error.pointer), ['#/currency'])
      assert.equal((await call(`${api.url}/accounts/NEW-${currency}`)).status, 404)
    })
  }

  it('include XCG and ZWG', async () => {
    for (const currency of ['XCG', 'ZWG'])
      assert.equal((await post({ accountId: `NEW-${currency}`, amount: '1.50', currency })).status, 201)
  })

  it('that were withdrawn are listed together with the other errors', async () => {
    const { body } = await post({ accountId: '?', amount: 'x', currency: 'BGN' })
    assert.deepEqual(body.errors.map(error => error.pointer).sort(), ['#/accountId', '#/amount', '#/currency'])
  })

  it('that were withdrawn can still be read and filtered by', async () => {
    for (const currency of ['ANG', 'BGN']) {
      const accountId = `OLD-${currency}`
      await seedPayments(database, [{ accountId, currency, amount: '12.50', result: 'completed' }])
      assert.deepEqual((await call(`${api.url}/accounts/${accountId}/balance`)).body, { accountId, balance: '12.50', currency })
      const { body } = await call<{ payments: { accountId: string, amount: string }[] }>(`${api.url}/payments?currency=${currency}`)
      assert.deepEqual(body.payments.map(payment => [payment.accountId, payment.amount]), [[accountId, '12.50']])
      assert.match((await call(`${api.url}/payments.csv?currency=${currency}`)).text, new RegExp(`,${accountId},12.50,${currency},completed,`))
    }
  })

  it('give an account without entries their decimals; with an unknown code the balance is shown as stored', async () => {
    for (const [currency, balance] of [['BGN', '0.00'], ['CLF', '0.0000'], ['KWD', '0.000'], ['JPY', '0'], ['QQQ', '0']] as const) {
      const accountId = `EMPTY-${currency}`
      await database.sql('select open_account($1, $2)', [accountId, currency])
      assert.equal((await call(`${api.url}/accounts/${accountId}/balance`)).body.balance, balance)
      assert.equal((await call(`${api.url}/accounts/${accountId}`)).body.balance, balance)
    }
  })

  it('that were withdrawn replay a payment made while they were payable', async () => {
    const key = randomUUID()
    const [id] = await seedPayments(database, [{ accountId: 'OLD-KEY', currency: 'BGN', amount: '7.00', result: null }])
    const hash = requestHash({ accountId: 'OLD-KEY', minorUnits: 700n, currency: 'BGN', description: '' })
    await database.sql(`
      insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
      select overlay(id::text placing 'ffff' from 33)::uuid, 'anonymous', $2, $3, account_id, currency, amount, '', created_at, updated_at from payments where id = $1`, [id, key, hash])
    const replay = await post({ accountId: 'OLD-KEY', amount: 7, currency: 'BGN' }, key)
    assert.deepEqual([replay.status, replay.headers.get('idempotent-replayed')], [201, 'true'])
    const other = await post({ accountId: 'OLD-KEY', amount: 8, currency: 'BGN' }, key)
    assert.deepEqual([other.status, other.body.type], [422, '/problems/idempotency-key-reused'])
  })
})
