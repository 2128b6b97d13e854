import assert from 'node:assert/strict'
import pg from 'pg'
import { errorText, faultOf, outageReason } from '../src/sql/database-errors.ts'

describe('an error of the database', () => {
  const databaseError = (code: string): Error => Object.assign(new pg.DatabaseError('select 1 - refused', 0, 'error'), { code })

  it('is known by its SQLSTATE', () => {
    assert.deepEqual(['22003', '23514', 'P0001', '40001', '40P01', '42501', '57014'].map(code => faultOf(databaseError(code))), [
      'data',
      'data',
      'data',
      'conflict',
      'conflict',
      'outage',
      'outage',
    ])
    assert.equal(errorText(databaseError('23514')), 'refused (SQLSTATE 23514)')
  })

  it('is not an errno name that looks like a SQLSTATE', () => {
    for (const code of ['E2BIG', 'EPIPE', '23514']) {
      const error = Object.assign(new Error('write failed'), { code })
      assert.equal(faultOf(error), 'outage')
      assert.equal(errorText(error), 'write failed')
      assert.equal(outageReason(error), `the database cannot be reached (${code})`)
    }
  })
})
