import assert from 'node:assert/strict'
import { readSettings, requireFiles } from '../../bench/settings.ts'

describe('settings of the benchmarks', () => {
  const known = ['accept', 'settle', 'reads']

  it('runs everything three times by default', () => {
    assert.deepEqual(readSettings({}, known), { names: known, whole: true, rounds: 3, size: 100 })
  })

  it('runs a part, in the order of the list', () => {
    assert.deepEqual(readSettings({ ONLY: 'reads, accept', ROUNDS: '1' }, known), { names: ['accept', 'reads'], whole: false, rounds: 1, size: 100 })
  })

  it('does not take a smaller size for the whole', () => {
    assert.equal(readSettings({ SIZE: '10' }, known).whole, false)
  })

  for (const [env, message] of [
    [{ ONLY: 'settle,speed' }, 'ONLY=settle,speed is wrong: there is no benchmark speed; there are accept, settle, reads'],
    [{ ROUNDS: 'abc' }, 'ROUNDS=abc is wrong: a whole number from 1 to 99'],
    [{ ROUNDS: '0' }, 'ROUNDS=0 is wrong: a whole number from 1 to 99'],
    [{ SIZE: '101' }, 'SIZE=101 is wrong: a whole number from 1 to 100'],
  ] as const) {
    it(`refuses ${JSON.stringify(env)} in one line`, () => {
      assert.throws(() => readSettings(env, known), { name: 'Refusal', message })
    })
  }

  it('refuses too few open files, and says how many it takes', () => {
    assert.throws(() => requireFiles('Max open files            256                  256                  files     \n'), { name: 'Refusal', message: /^only 256 open files are allowed .* ulimit -n 512/ })
    requireFiles('Max open files            1024                 1024                 files     \n')
    requireFiles('Max open files            unlimited            unlimited            files     \n')
  })
})
