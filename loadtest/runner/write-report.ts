import type { CheckedInvariant } from '../auditor/audit.ts'
import type { ScenarioOutcome } from './run-scenario.ts'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../../compose/src/config.ts'
import { duration } from '../../compose/src/verb.ts'
import { commonFigures, scenarioFigures } from './describe-outcome.ts'

const folder = join(repoRoot, 'loadtest/reports')

/** Writes a self-contained HTML page: all verdicts, then each scenario's failures, thresholds, invariants and k6's own report. */
export function writeReport(outcomes: ScenarioOutcome[], what: string): string {
  const at = new Date().toISOString()
  const names = outcomes.map(({ run }) => run.scenario.name)
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${at.slice(0, 19).replaceAll(':', '-')}-${names.length === 1 ? names[0] : `${names.length}-scenarios`}.html`)
  writeFileSync(file, `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Load test of ${at.slice(0, 10)}: ${outcomes.every(({ passed }) => passed) ? 'passed' : 'failed'}</title>
<style>${readFileSync(join(import.meta.dirname, 'report.css'), 'utf8')}</style>
<h1>Load test: ${outcomes.every(({ passed }) => passed) ? 'passed' : 'failed'}</h1>
<p>${escape(what)}, ${at.slice(0, 16).replace('T', ' ')} UTC.</p>
<table>
<tr><th>Scenario<th>Verdict<th>Took<th>Measured</tr>
${outcomes.map(overviewRow).join('\n')}
</table>
${outcomes.map(section).join('\n')}
</html>
`)
  return file
}

function overviewRow(outcome: ScenarioOutcome): string {
  const { run: { scenario: { name } }, tookMs } = outcome
  return `<tr><td><a href="#${name}">${name}</a><td>${verdict(outcome.passed)}<td>${duration(tookMs)}<td>${escape(commonFigures(outcome).join(', '))}</tr>`
}

function section(outcome: ScenarioOutcome): string {
  const { run: { scenario: { name }, settings }, passed, failures, audit, dashboard } = outcome
  const described = Object.entries(settings).map(([name, value]) => `${name} ${value}${name === 'DURATION' ? ' s' : ''}`)
  const details = scenarioFigures(outcome)
  return `<section id="${name}">
<h2>${name} ${verdict(passed)}</h2>
<p>${escape([...described, ...commonFigures(outcome)].join(', '))}</p>
${details.length > 0 ? `<pre>${escape(details.join('\n'))}</pre>` : ''}
${failures.length > 0 ? `<pre class="failures">${escape(failures.join('\n'))}</pre>` : ''}
<table>
<tr><th>Threshold<th>Verdict<th>Measured</tr>
${thresholdRows(outcome)}
</table>
${audit ? invariantsTable(audit.invariants) : ''}
${dashboard ? `<details><summary>k6's own report</summary><iframe title="k6's report on ${name}" srcdoc="${escape(dashboard)}"></iframe></details>` : ''}
</section>`
}

function thresholdRows({ metrics }: ScenarioOutcome): string {
  return Object.entries(metrics).flatMap(([name, { values, thresholds = {} }]) => Object.entries(thresholds).map(([condition, { ok }]) => {
    const value = values[/^[\w()]+/.exec(condition)![0]]
    return `<tr><td><code>${escape(`${name} ${condition}`)}</code><td>${verdict(ok)}<td>${value === undefined ? '' : Number(value.toFixed(3))}</tr>`
  })).join('\n')
}

function invariantsTable(invariants: CheckedInvariant[]): string {
  return `<table>
<tr><th>Invariant of the ledger, checked after the scenario<th>Verdict<th>Rows that violate it</tr>
${invariants.map(({ promise, file, violations }) => `<tr><td title="${escape(file)}">${escape(promise)}<td>${verdict(violations === 0)}<td>${violations}</tr>`).join('\n')}
</table>`
}

function verdict(passed: boolean): string {
  return passed ? '<b class="passed">passed</b>' : '<b class="failed">failed</b>'
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
