import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { data } from 'currency-codes'
import { currencyDigits } from '../src/domain/money.ts'
import { createDatabase } from './support/database.ts'

describe('the decimals of a currency', () => {
  let database: TestDatabase
  before(async () => {
    database = await createDatabase()
  })
  after(() => database?.drop())

  it('are the same to the API and to the database', async () => {
    const codes = data.map(({ code }) => code)
    const rows = await database.sql<{ code: string, decimals: number }>('select code, currency_decimals(code) as decimals from unnest($1::text[]) code', [codes])
    assert.deepEqual(rows, codes.map(code => ({ code, decimals: currencyDigits(code) })))
  })
})
