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
})
