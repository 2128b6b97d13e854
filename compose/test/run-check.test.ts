import assert from 'node:assert/strict'
import { countTests } from '../src/run-check.ts'

describe('counting tests', () => {
  it(`reads mocha's summary`, () => {
    assert.deepEqual(countTests('\n  12 passing (3s)\n  1 pending\n  2 failing\n'), { passed: 12, failed: 2, skipped: 1 })
    assert.deepEqual(countTests('  0 passing (1ms)\n'), { passed: 0, failed: 0, skipped: 0 })
  })

  it(`reads vitest's count of tests, not of files`, () => {
    assert.deepEqual(countTests(' Test Files  3 passed (3)\n      Tests  1 failed | 41 passed | 2 skipped (44)\n'), { passed: 41, failed: 1, skipped: 2 })
    assert.deepEqual(countTests(' Test Files  1 passed (1)\n      Tests  5 passed (5)\n'), { passed: 5, failed: 0, skipped: 0 })
  })

  it('counts no test in other output', () => {
    assert.deepEqual(countTests('Error: cannot find module'), { passed: 0, failed: 0, skipped: 0 })
  })
})
