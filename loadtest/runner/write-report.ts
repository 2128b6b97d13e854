import type { ScenarioOutcome } from './run-scenario.ts'
import { duration } from '../../compose/src/verb.ts'
import { commonFigures, scenarioFigures } from './describe-outcome.ts'
import { escape, invariantsTable, minuteText, reportPath, verdict, writePage } from './report-page.ts'

/** Writes a self-contained HTML page: all verdicts, then each scenario's failures, thresholds, invariants and k6's own report. */
export function writeReport(outcomes: ScenarioOutcome[], what: string): string {
  const at = new Date().toISOString()
  const names = outcomes.map(({ run }) => run.scenario.name)
  const result = outcomes.every(({ passed }) => passed) ? 'passed' : 'failed'
  const file = `${reportPath(at, names.length === 1 ? names[0]! : `${names.length}-scenarios`)}.html`
  writePage(file, `Load test of ${at.slice(0, 10)}: ${result}`, `<h1>Load test: ${result}</h1>
<p>${escape(what)}, ${minuteText(at)}.</p>
<table>
<tr><th>Scenario<th>Verdict<th>Took<th>Measured</tr>
${outcomes.map(overviewRow).join('\n')}
</table>
${outcomes.map(section).join('\n')}`)
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
${audit ? invariantsTable(audit.invariants, 'checked after the scenario') : ''}
${dashboard ? `<details><summary>k6's own report</summary><iframe title="k6's report on ${name}" srcdoc="${escape(dashboard)}"></iframe></details>` : ''}
</section>`
}

function thresholdRows({ metrics }: ScenarioOutcome): string {
  return Object.entries(metrics).flatMap(([name, { values, thresholds = {} }]) => Object.entries(thresholds).map(([condition, { ok }]) => {
    const value = values[/^[\w()]+/.exec(condition)![0]]
    return `<tr><td><code>${escape(`${name} ${condition}`)}</code><td>${verdict(ok)}<td>${value === undefined ? '' : Number(value.toFixed(3))}</tr>`
  })).join('\n')
}
