import type { ChaosRun } from './write-chaos-report.ts'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { count } from '../../compose/src/count.ts'
import { duration } from '../../compose/src/verb.ts'

/** What the API reads as CHAOS_REPORT, with its limits. */
const MAX_SENTENCES = 50
const MAX_LENGTH = 500

/**
 * Leaves the result of a run for the console's page of proofs: when it ended, whether nothing was lost, and what it did, in
 * sentences. Replaces the file in one step, since an API may be reading it.
 */
export function writeConsoleReport(file: string, run: ChaosRun): void {
  const passed = run.findings.length === 0 && run.results.every(({ verdict }) => verdict !== 'red')
  const report = { finishedAt: new Date().toISOString(), passed, sentences: sentencesOf(run).slice(0, MAX_SENTENCES).map(shortened) }
  mkdirSync(dirname(file), { recursive: true })
  const unfinished = `${file}.${process.pid}`
  writeFileSync(unfinished, `${JSON.stringify(report, null, 2)}\n`)
  renameSync(unfinished, file)
}

function sentencesOf({ settings, description, results, invariants, findings, tookMs }: ChaosRun): string[] {
  const total = (of: (result: ChaosRun['results'][number]) => number): number => results.reduce((sum, result) => sum + of(result), 0)
  const struck = [...new Set(results.flatMap(({ faults }) => faults.map(({ name }) => name)))].sort()
  const late = results.filter(({ verdict }) => verdict === 'late').length
  return [
    `${count(results.length, 'round')} in ${duration(tookMs)} with ${settings.rate} payments a second, against ${description}; seed ${settings.seed}.`,
    `${total(({ payments }) => payments).toLocaleString('en')} payments acknowledged: ${total(({ lost }) => lost)} lost, ${total(({ duplicated }) => duplicated)} duplicated, ${total(({ centsOff }) => Number(centsOff))} cents off.`,
    `${count(struck.length, 'fault')} struck: ${struck.join(', ')}.`,
    ...late > 0 ? [`${count(late, 'round')} took longer to settle again than its goal.`] : [],
    findings.length === 0
      ? `All ${invariants.length} invariants of the ledger hold over all payments.`
      : `The books are broken: ${findings.join('; ')}`,
    ...results.filter(({ verdict }) => verdict === 'red').map(({ round, findings }) => `Round ${round} is red: ${findings.join('; ')}`),
  ]
}

function shortened(sentence: string): string {
  return sentence.length <= MAX_LENGTH ? sentence : `${sentence.slice(0, MAX_LENGTH - 1)}…`
}
