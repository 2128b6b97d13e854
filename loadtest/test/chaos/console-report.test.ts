import type { RoundResult } from '../../chaos/judge-round.ts'
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../../compose/src/config.ts'
import { readChaosReport } from '../../../payments-api/src/read-chaos-report.ts'
import { readChaosSettings } from '../../chaos/chaos-settings.ts'
import { writeConsoleReport } from '../../chaos/write-console-report.ts'
import { faults } from '../../faults/faults.ts'

const settings = readChaosSettings({ SEED: '7' }, readConfig({}), faults)
const round: RoundResult = { round: 1, faults: [{ name: 'kill-worker', targets: ['worker-1'] }], at: '2026-11-23T16:05:13.123Z', heldMs: 0, recoveryMs: 800, recoveryGoalMs: 5_000, verdict: 'ok', findings: [], requests: 500, errors: {}, payments: 4_000, lost: 0, duplicated: 0, centsOff: '0' }

describe('the report for the console', () => {
  let folder: string
  before(() => folder = mkdtempSync(join(tmpdir(), 'console-report-')))
  after(() => rmSync(folder, { recursive: true }))

  /** What the API reads of such a run. */
  async function told(results: RoundResult[], findings: string[] = []) {
    const file = join(folder, 'reports/chaos.json')
    writeConsoleReport(file, { settings, faults, description: 'a system of its own', results, findings, invariants: [], tookMs: 61_000 })
    assert.deepEqual(readdirSync(join(folder, 'reports')), ['chaos.json'])
    const report = await readChaosReport(file)
    assert.ok(report && Math.abs(Date.parse(report.finishedAt) - Date.now()) < 60_000)
    return report
  }

  it('says in sentences what struck and that nothing was lost', async () => {
    const { passed, sentences } = await told([round, { ...round, round: 2, verdict: 'late' }])
    assert.equal(passed, true)
    assert.deepEqual(sentences, [
      '2 rounds in 61.0 s with 100 payments a second, against a system of its own; seed 7.',
      '8,000 payments acknowledged: 0 lost, 0 duplicated, 0 cents off.',
      '1 fault struck: kill-worker.',
      '1 round took longer to settle again than its goal.',
      'All 0 invariants of the ledger hold over all payments.',
    ])
  })

  it('says what was lost, within the limits of the API, whatever a red run found', async () => {
    const red = await told([{ ...round, verdict: 'red', lost: 1, findings: ['a payment is missing'] }])
    assert.equal(red.passed, false)
    assert.ok(red.sentences.includes('Round 1 is red: a payment is missing'))
    const broken = await told(Array.from({ length: 200 }, (_, n) => ({ ...round, round: n, verdict: 'red' as const, findings: ['x'.repeat(900)] })), ['the books do not balance'])
    assert.equal(broken.passed, false)
    assert.ok(broken.sentences.includes('The books are broken: the books do not balance'), 'not cut off by many red rounds')
  })
})
