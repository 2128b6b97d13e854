// The whole comparison in one go: `make bench`; a part of it: `make bench ONLY=settle ROUNDS=1`.
import type { Panel } from './chart.ts'
import type { Outcome } from './measure.ts'
import { writeFileSync } from 'node:fs'
import { explain } from '../../compose/src/refusal.ts'
import { duration } from '../../compose/src/verb.ts'
import { barChart } from './chart.ts'
import { describeMachine } from './machine.ts'
import { measures, panels } from './measures.ts'
import { goalsTable, mediansTable, resultsPage } from './report.ts'
import { runMeasure } from './run-measure.ts'
import { readSettings, requireFiles } from './settings.ts'

// A reader that has seen enough, such as `make bench | head`, is no reason to stop halfway and leave things running.
process.stdout.on('error', () => {})
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => interrupted.abort())

try {
  await main()
  process.exit(0)
}
catch (error) {
  console.error(interrupted.signal.aborted ? 'Stopped: nothing was left running, and no results were written.' : explain(error))
  process.exit(interrupted.signal.aborted ? 130 : 1)
}

async function main(): Promise<void> {
  const { names, whole, rounds, size } = readSettings(process.env, measures.map(({ name }) => name))
  requireFiles()
  const startedAt = new Date()
  const outcomes: Outcome[] = []
  for (const measure of measures.filter(({ name }) => names.includes(name))) {
    const begin = Date.now()
    console.log(`${measure.name}: ${measure.title}`)
    const outcome = await runMeasure(measure, { rounds, size, print: console.log, signal: interrupted.signal })
    outcomes.push(outcome)
    console.log([mediansTable(outcome), ...outcome.notes, `${duration(Date.now() - begin)}\n`].join('\n'))
  }
  console.log(goalsTable(outcomes))
  if (!whole)
    return console.log('\nA part, or not the full size: RESULTS.md and the chart stay as they are.')

  const minutes = Math.round((Date.now() - startedAt.getTime()) / 60_000)
  const command = `make bench${rounds === 3 ? '' : ` ROUNDS=${rounds}`}`
  write('RESULTS.md', resultsPage({ machine: describeMachine(), command, startedAt, minutes, outcomes }))
  const shown = panels.flatMap(({ measure, figure, title }): Panel[] => {
    const outcome = outcomes.find(outcome => outcome.measure === measure)
    return outcome ? [{ title, outcome, figure }] : []
  })
  for (const theme of ['light', 'dark'] as const)
    write(`chart-${theme}.svg`, barChart(shown, theme))
}

function write(name: string, text: string): void {
  writeFileSync(new URL(name, import.meta.url), text)
  console.log(`Written: loadtest/bench/${name}`)
}
