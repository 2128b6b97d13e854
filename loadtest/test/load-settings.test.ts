import assert from 'node:assert/strict'
import { readLoadSettings } from '../runner/load-settings.ts'

describe('the settings of a load test', () => {
  it('run every scenario except the soak by default', () => {
    assert.deepEqual(readLoadSettings({}).map(({ scenario }) => scenario.name), ['smoke', 'concurrent-workers', 'idempotency-race', 'refund-race', 'steady', 'ramp', 'mixed-read'])
  })

  it('apply to the chosen scenarios that take them, and to nothing else', () => {
    const chosen = readLoadSettings({ SCENARIO: 'steady,smoke', RATE: '500', DURATION: '1m30s' })
    assert.deepEqual(chosen.map(({ scenario: { name }, settings }) => [name, settings]), [['smoke', {}], ['steady', { VUS: 100, DURATION: 90, RATE: 500 }]])
  })

  const wrong: [settings: Record<string, string>, line: RegExp][] = [
    [{ SCENARIO: 'nope' }, /^SCENARIO=nope is wrong: the scenarios are smoke, .*, soak; separate several with commas\.$/],
    [{ SCENARIO: 'smoke,' }, /^SCENARIO=smoke, is wrong/],
    [{ VUS: '0' }, /^VUS=0 is wrong: the number of virtual users is a whole number from 1 to 10000\.$/],
    [{ VUS: 'many' }, /^VUS=many is wrong/],
    [{ DURATION: '30' }, /^DURATION=30 is wrong: a duration is written like 30s, 5m or 1h30m, from 1s to 24h\.$/],
    [{ DURATION: '0s' }, /^DURATION=0s is wrong/],
    [{ DURATION: '25h' }, /^DURATION=25h is wrong/],
    [{ RATE: '-1' }, /^RATE=-1 is wrong: the rate in payments per second is a whole number from 1 to 20000\.$/],
    [{ SCENARIO: 'smoke', VUS: '5' }, /^VUS has no effect on smoke, which takes no settings\.$/],
    [{ SCENARIO: 'idempotency-race', RATE: '5' }, /^RATE has no effect on idempotency-race, which takes VUS, DURATION\.$/],
    [{ SCENARIO: 'concurrent-workers', WORKERS: '3' }, /^WORKERS has no effect on concurrent-workers, which scales the workers itself\.$/],
    [{ SCENARIO: 'steady', VUS: '9000' }, /^steady with VUS=9000 needs 36200 open files, and this shell allows 20000: run `ulimit -n 36200`, or choose fewer VUS\.$/],
    [{ SCENARIO: 'steady', RATE: '20000', DURATION: '10m' }, /^steady with RATE=20000 for 600 s makes 12000000 payments, and the auditor compares at most 1000000: choose a smaller RATE or DURATION\.$/],
    [{ SCENARIO: 'idempotency-race', DURATION: '1h' }, /^idempotency-race pays as fast as it can, so its DURATION is at most 300s\.$/],
  ]
  for (const [settings, line] of wrong) {
    it(`refuse ${JSON.stringify(settings)} in one line`, () => {
      assert.throws(() => readLoadSettings(settings, 20_000), (error: Error) => {
        assert.match(error.message, line)
        return true
      })
    })
  }
})
