import type { Fault } from '../../faults/fault.ts'
import assert from 'node:assert/strict'
import { readConfig } from '../../../compose/src/config.ts'
import { readChaosSettings } from '../../chaos/chaos-settings.ts'
import { repeatCommand } from '../../chaos/keep-red-round.ts'

const known = [['kill-worker', ['embedded', 'compose']], ['kill-proxy', ['compose']], ['kill-supervisor', ['embedded']]]
  .map(([name, modes]) => ({ name, modes }) as unknown as Fault)
const read = (env: Record<string, string>) => readChaosSettings(env, readConfig(env), known)

describe('the settings of make chaos', () => {
  it('are five minutes of every fault that the mode can have, from a fresh seed', () => {
    const { durationS, rounds, rate, faults, mode, system } = read({})
    assert.deepEqual([durationS, rounds, rate, mode, system], [300, { first: 1, count: Infinity }, 100, 'embedded', undefined])
    assert.deepEqual(faults.map(({ name }) => name), ['kill-worker', 'kill-supervisor'])
    assert.notEqual(read({}).seed, read({}).seed)
  })

  it('are rounds without a limit of time, or one round to repeat', () => {
    assert.deepEqual([read({ ROUNDS: '100' }).rounds, read({ ROUNDS: '100' }).durationS], [{ first: 1, count: 100 }, undefined])
    assert.deepEqual([read({ SEED: '7', ROUND: '3' }).rounds, read({ SEED: '7', ROUND: '3' }).durationS], [{ first: 3, count: 1 }, undefined])
  })

  it('are repeated by the command of a red round', () => {
    assert.equal(repeatCommand(read({ SEED: '7' }), 3), 'make chaos SEED=7 ROUND=3')
    const env = { SEED: '0', FAULT: 'kill-proxy,kill-worker', MODE: 'compose', RATE: '20', ROUNDS: '9' }
    assert.equal(repeatCommand(read(env), 3), 'make chaos SEED=0 ROUND=3 FAULT=kill-proxy,kill-worker MODE=compose RATE=20')
  })

  const wrong: [settings: Record<string, string>, line: RegExp][] = [
    [{ FAULT: 'nope' }, /^FAULT=nope is unknown\. The faults are kill-worker, kill-proxy, kill-supervisor; separate several with commas\.$/],
    [{ FAULT: 'kill-proxy' }, /^FAULT=kill-proxy cannot run with MODE=embedded, only with MODE=compose\.$/],
    [{ SEED: '-1' }, /^SEED=-1 is wrong: the seed is a whole number from 0 to 4294967295\.$/],
    [{ SEED: '4294967296' }, /^SEED=4294967296 is wrong/],
    [{ ROUNDS: '0' }, /^ROUNDS=0 is wrong: the number of rounds is a whole number from 1 to 10000\.$/],
    [{ ROUND: '3' }, /^ROUND=3 needs the SEED of the run that it repeats\.$/],
    [{ ROUND: '3', SEED: '7', ROUNDS: '2' }, /^ROUND=3 repeats one round, so ROUNDS has no effect\./],
    [{ RATE: '1001' }, /^RATE=1001 is wrong: the rate in payments per second is a whole number from 1 to 1000\.$/],
    [{ DURATION: '5' }, /^DURATION=5 is wrong: a duration is written like 30s/],
    [{ PAYMENTS_DATABASE_URL: 'postgres://bank/payments' }, /^PAYMENTS_DATABASE_URL is set, but make chaos breaks what it tests: it starts a system of its own\./],
    [{ PAYMENTS_API_URL: 'http://bank' }, /^PAYMENTS_API_URL is set/],
  ]
  for (const [settings, line] of wrong) {
    it(`refuse ${JSON.stringify(settings)} in one line`, () => {
      assert.throws(() => read(settings), { name: 'Refusal', message: line })
    })
  }
})
