import type { Invariant } from '../auditor/audit.ts'
import type { Outcome } from './run-scenario.ts'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../../compose/src/config.ts'
import { duration } from '../../compose/src/verb.ts'
import { figures, remarks } from './terminal.ts'

const folder = join(repoRoot, 'loadtest/reports')

/** Writes one page that needs nothing beside it: all verdicts, each scenario's invariants, and k6's own report of it. */
export function writeReport(outcomes: Outcome[], what: string): string {
  const at = new Date().toISOString()
  const names = outcomes.map(({ chosen }) => chosen.scenario.name)
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
${outcomes.map(overview).join('\n')}
</table>
${outcomes.map(section).join('\n')}
</html>
`)
  return file
}

function overview(outcome: Outcome): string {
  const { chosen: { scenario: { name } }, tookMs } = outcome
  return `<tr><td><a href="#${name}">${name}</a><td>${verdict(outcome.passed)}<td>${duration(tookMs)}<td>${escape(figures(outcome).join(', '))}</tr>`
}

function section(outcome: Outcome): string {
  const { chosen: { scenario: { name }, takes }, passed, broken, audit, dashboard } = outcome
  const settings = Object.entries(takes).map(([name, value]) => `${name} ${value}${name === 'DURATION' ? ' s' : ''}`)
  const notes = remarks(outcome)
  return `<section id="${name}">
<h2>${name} ${verdict(passed)}</h2>
<p>${escape([...settings, ...figures(outcome)].join(', '))}</p>
${notes.length > 0 ? `<pre>${escape(notes.join('\n'))}</pre>` : ''}
${broken.length > 0 ? `<pre class="broken">${escape(broken.join('\n'))}</pre>` : ''}
<table>
<tr><th>Threshold<th>Verdict<th>Measured</tr>
${thresholds(outcome)}
</table>
${audit ? invariantsTable(audit.invariants) : ''}
${dashboard ? `<details><summary>k6's own report</summary><iframe title="k6's report of ${name}" srcdoc="${escape(dashboard)}"></iframe></details>` : ''}
</section>`
}

function thresholds({ metrics }: Outcome): string {
  return Object.entries(metrics).flatMap(([name, { values, thresholds = {} }]) => Object.entries(thresholds).map(([condition, { ok }]) => {
    const value = values[/^[\w()]+/.exec(condition)![0]]
    return `<tr><td><code>${escape(`${name} ${condition}`)}</code><td>${verdict(ok)}<td>${value === undefined ? '' : Number(value.toFixed(3))}</tr>`
  })).join('\n')
}

function invariantsTable(invariants: Invariant[]): string {
  return `<table>
<tr><th>Invariant of the ledger, checked after the scenario<th>Verdict<th>Rows that break it</tr>
${invariants.map(({ promise, file, broken }) => `<tr><td title="${escape(file)}">${escape(promise)}<td>${verdict(broken === 0)}<td>${broken}</tr>`).join('\n')}
</table>`
}

function verdict(passed: boolean): string {
  return passed ? '<b class="passed">passed</b>' : '<b class="failed">failed</b>'
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
