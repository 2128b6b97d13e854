import type { CheckedInvariant } from '../auditor/check-books.ts'
import type { Fault } from '../faults/fault.ts'
import type { ChaosSettings } from './chaos-settings.ts'
import type { RoundResult } from './judge-round.ts'
import type { FaultSummary } from './summarize-faults.ts'
import { writeFileSync } from 'node:fs'
import { duration } from '../../compose/src/verb.ts'
import { escape, invariantsTable, minuteText, reportPath, writePage } from '../runner/report-page.ts'
import { describeErrors, nameStrike } from './describe-round.ts'
import { repeatCommand } from './keep-red-round.ts'
import { summarizeFaults } from './summarize-faults.ts'

export interface ChaosRun {
  settings: ChaosSettings
  /** The faults that could strike. */
  faults: readonly Fault[]
  description: string
  results: RoundResult[]
  /** Of the audit of all payments at the end; empty if the run ended early. */
  invariants: CheckedInvariant[]
  /** What that audit found wrong. */
  findings: string[]
  tookMs: number
}

/** Writes the run as a self-contained HTML page and as JSON next to it. Returns the page's path. */
export function writeChaosReport({ settings, faults, description, results, invariants, findings, tookMs }: ChaosRun): string {
  const at = new Date().toISOString()
  const file = reportPath(at, 'chaos')
  const summaries = summarizeFaults(results, faults)
  const { seed, mode, rate } = settings
  writeFileSync(`${file}.json`, `${JSON.stringify({ at, seed, mode, rate, description, tookMs, faults: summaries, rounds: results, invariants, findings }, null, 2)}\n`)

  const isRed = findings.length > 0 || results.some(({ verdict }) => verdict === 'red')
  const total = (of: (result: RoundResult) => number): number => results.reduce((sum, result) => sum + of(result), 0)
  writePage(`${file}.html`, `Chaos of ${at.slice(0, 10)}: ${isRed ? 'red' : 'nothing lost'}`, `<h1>Chaos: ${isRed ? '<b class="failed">red</b>' : '<b class="passed">nothing lost</b>'}</h1>
<p>Seed ${seed}, ${rate} payments per second, ${escape(description)}, ${minuteText(at)}. ${results.length} rounds in ${duration(tookMs)}.</p>
<p class="total">${total(({ payments }) => payments).toLocaleString('en')} payments acknowledged: <b>${total(({ lost }) => lost)}</b> lost, <b>${total(({ duplicated }) => duplicated)}</b> duplicated, <b>${total(({ centsOff }) => Number(centsOff))}</b> cents off.</p>
${findings.length > 0 ? `<pre class="failures">${escape(findings.join('\n'))}</pre>` : ''}
<h2>By fault</h2>
<div class="wide"><table>
<tr><th>Fault<th>Rounds<th>Recovery p50<th>Max<th>Goal<th>Errors callers saw<th>Payments<th>Lost<th>Duplicated<th>Cents off</tr>
${summaries.map(faultRow).join('\n')}
</table></div>
<p>Recovery: from the end of the fault until the first payment made after it had settled, as a caller sees it. A round with two faults counts for both.</p>
<h2>Rounds</h2>
<div class="wide"><table>
<tr><th>Round<th>At<th>Faults<th>Verdict<th>Held<th>Recovery<th>What callers saw</tr>
${results.map(result => roundRow(result, settings)).join('\n')}
</table></div>
${invariants.length > 0 ? `<h2>The books</h2>\n${invariantsTable(invariants, 'over all payments after the last round')}` : ''}`)
  return `${file}.html`
}

function faultRow({ fault, description, rounds, combined, recoveryP50Ms, recoveryMaxMs, recoveryGoalMs, errors, payments, lost, duplicated, centsOff }: FaultSummary): string {
  const isLate = recoveryMaxMs === null || recoveryMaxMs > recoveryGoalMs
  return `<tr><td><b>${fault}</b><br>${escape(description)}<td>${rounds}${combined > 0 ? ` (${combined} with another)` : ''}<td>${time(recoveryP50Ms)}<td>${mark(time(recoveryMaxMs), !isLate)}<td>${time(recoveryGoalMs)}<td>${errors.toLocaleString('en')}<td>${payments.toLocaleString('en')}<td>${mark(lost, lost === 0)}<td>${mark(duplicated, duplicated === 0)}<td>${mark(centsOff, centsOff === 0)}</tr>`
}

function roundRow(result: RoundResult, settings: ChaosSettings): string {
  const { round, at, faults, verdict, heldMs, recoveryMs, recoveryGoalMs, requests, findings } = result
  const names = faults.map(nameStrike).join('<br>')
  const shown = { ok: mark('ok', true), late: `<b class="late">late</b>, goal ${duration(recoveryGoalMs)}`, red: mark('red', false) }[verdict]
  const details = findings.length > 0 ? `<pre class="failures">${escape(findings.join('\n'))}</pre><p>Repeat it: <code>${escape(repeatCommand(settings, round))}</code></p>` : ''
  return `<tr><td>${round}<td>${at.slice(11, 19)}<td>${names}<td>${shown}<td>${heldMs < 1_000 ? '' : time(heldMs)}<td>${time(recoveryMs)}<td>${requests.toLocaleString('en')} requests, ${escape(describeErrors(result))}${details}</tr>`
}

/** Does not break within a line. */
function time(ms: number | null): string {
  return ms === null ? 'none' : duration(ms).replaceAll(' ', '&nbsp;')
}

function mark(value: string | number, isGood: boolean): string {
  return `<b class="${isGood ? 'passed' : 'failed'}">${value}</b>`
}
