import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { currencyDigits, KNOWN_CURRENCIES } from '../src/domain/money.ts'
import { createDatabase } from './support/database.ts'

describe('the decimals of a currency', () => {
  let database: TestDatabase
  before(async () => {
    database = await createDatabase()
  })
  after(() => database?.drop())

  it('are the same in the API and in the database', async () => {
    const rows = await database.sql<{ code: string, decimals: number }>('select code, currency_decimals(code) as decimals from unnest($1::text[]) code', [KNOWN_CURRENCIES])
    assert.deepEqual(rows, KNOWN_CURRENCIES.map(code => ({ code, decimals: currencyDigits(code) })))
  })

  it('are unknown to both for an unknown code, and no payment in it can be inserted', async () => {
    assert.equal(currencyDigits('QQQ'), undefined)
    assert.deepEqual(await database.sql(`select currency_decimals('QQQ') as decimals`), [{ decimals: null }])
    for (const amount of ['1', '1.00']) {
      await assert.rejects(database.sql(`
        insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
        values (gen_random_uuid(), 'x', gen_random_uuid()::text, sha256(''), 'A', 'QQQ', $1, '', now(), now())`, [amount]), { code: '23001' }, amount)
    }
  })
})
