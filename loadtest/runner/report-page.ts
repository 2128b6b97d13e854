import type { CheckedInvariant } from '../auditor/check-books.ts'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../../compose/src/config.ts'

/** Reports stay here, named by their time. */
const reportsFolder = join(repoRoot, 'loadtest/reports')

/** The path of a report without its extension: its time, to the second, and its name. */
export function reportPath(at: string, name: string): string {
  mkdirSync(reportsFolder, { recursive: true })
  return join(reportsFolder, `${at.slice(0, 19).replaceAll(':', '-')}-${name}`)
}

/** Writes a self-contained HTML page. `body` is HTML, `title` is text. */
export function writePage(file: string, title: string, body: string): void {
  writeFileSync(file, `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${readFileSync(join(import.meta.dirname, 'report.css'), 'utf8')}</style>
${body}
</html>
`)
}

/** Formats `2026-11-30 12:00 UTC`. */
export function minuteText(at: string): string {
  return `${at.slice(0, 16).replace('T', ' ')} UTC`
}

/** A table of the ledger's invariants; `when` says when they were checked. */
export function invariantsTable(invariants: CheckedInvariant[], when: string): string {
  return `<table>
<tr><th>Invariant of the ledger, ${when}<th>Verdict<th>Rows that violate it</tr>
${invariants.map(({ promise, file, violations }) => `<tr><td title="${escape(file)}">${escape(promise)}<td>${verdict(violations === 0)}<td>${violations}</tr>`).join('\n')}
</table>`
}

export function verdict(passed: boolean): string {
  return passed ? '<b class="passed">passed</b>' : '<b class="failed">failed</b>'
}

export function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
