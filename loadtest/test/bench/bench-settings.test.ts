import assert from 'node:assert/strict'
import { readBenchSettings, requireOpenFiles } from '../../bench/bench-settings.ts'

describe('the settings of the benchmarks', () => {
  const known = ['accept', 'settle', 'reads']

  it('run every measure for three rounds by default', () => {
    assert.deepEqual(readBenchSettings({}, known), { names: known, complete: true, rounds: 3, size: 100 })
  })

  it('run the named measures in the order of the list', () => {
    assert.deepEqual(readBenchSettings({ ONLY: 'reads, accept', ROUNDS: '1' }, known), { names: ['accept', 'reads'], complete: false, rounds: 1, size: 100 })
  })

  it('do not count a smaller size as a complete run', () => {
    assert.equal(readBenchSettings({ SIZE: '10' }, known).complete, false)
  })

  for (const [env, message] of [
    [{ ONLY: 'settle,speed' }, 'ONLY=settle,speed is wrong: there is no benchmark speed; choose from accept, settle, reads.'],
    [{ ROUNDS: 'abc' }, 'ROUNDS=abc is wrong: use a whole number from 1 to 99.'],
    [{ ROUNDS: '0' }, 'ROUNDS=0 is wrong: use a whole number from 1 to 99.'],
    [{ SIZE: '101' }, 'SIZE=101 is wrong: use a whole number from 1 to 100.'],
  ] as const) {
    it(`refuse ${JSON.stringify(env)} in one line`, () => {
      assert.throws(() => readBenchSettings(env, known), { name: 'Refusal', message })
    })
  }

  it('refuse too low a limit of open files, and state the one needed', () => {
    assert.throws(() => requireOpenFiles('Max open files            256                  256                  files     \n'), { name: 'Refusal', message: /^The benchmarks need 512 open files, and this shell allows 256: run `ulimit -n 512`/ })
    requireOpenFiles('Max open files            1024                 1024                 files     \n')
    requireOpenFiles('Max open files            unlimited            unlimited            files     \n')
  })
})
