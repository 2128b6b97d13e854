import assert from 'node:assert/strict'
import { countTests, failureReport } from '../src/run-check.ts'

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

describe('reporting what failed', () => {
  it('leaves out the tests before the summary of mocha or vitest', () => {
    assert.equal(failureReport('> mocha\n\n  suite\n    ✔ adds\n    1) subtracts\n\n\n  1 passing (3s)\n  1 failing\n\n  1) suite\n       subtracts:\n     Error: 2\n\n'), '  1 passing (3s)\n  1 failing\n\n  1) suite\n       subtracts:\n     Error: 2')
    assert.equal(failureReport(' ✓ a.test.ts\n⎯⎯⎯ Failed Tests 1 ⎯⎯⎯\nError: 2\n'), '⎯⎯⎯ Failed Tests 1 ⎯⎯⎯\nError: 2')
  })

  it('leaves nothing out of other output', () => {
    assert.equal(failureReport('\n  src/a.ts\n    1:1  error\n'), '\n  src/a.ts\n    1:1  error')
  })
})
