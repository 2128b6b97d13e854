// `make bench` runs every measure; `make bench ONLY=settle ROUNDS=1` runs one.
import type { Panel } from './bar-chart.ts'
import type { MeasureOutcome } from './measure.ts'
import { writeFileSync } from 'node:fs'
import { explain } from '../../compose/src/refusal.ts'
import { abortOnSignals, duration } from '../../compose/src/verb.ts'
import { barChart } from './bar-chart.ts'
import { readBenchSettings, requireOpenFiles } from './bench-settings.ts'
import { describeMachine } from './describe-machine.ts'
import { measures, panels } from './measures.ts'
import { goalsTable, mediansTable, resultsPage } from './results-page.ts'
import { runMeasure } from './run-measure.ts'

// A closed pipe, as in `make bench | head`, must not stop the run halfway and leave processes behind.
process.stdout.on('error', () => {})
const interrupted = abortOnSignals()

try {
  await main()
  process.exit(0)
}
catch (error) {
  console.error(interrupted.signal.aborted ? 'Interrupted: everything it started was stopped, and no results were written.' : explain(error))
  process.exit(interrupted.signal.aborted ? 130 : 1)
}

async function main(): Promise<void> {
  const { names, complete, rounds, size } = readBenchSettings(process.env, measures.map(({ name }) => name))
  requireOpenFiles()
  const startedAt = new Date()
  const outcomes: MeasureOutcome[] = []
  for (const measure of measures.filter(({ name }) => names.includes(name))) {
    const measureStartedAt = Date.now()
    console.log(`${measure.name}: ${measure.title}`)
    const outcome = await runMeasure(measure, { rounds, size, print: console.log, signal: interrupted.signal })
    outcomes.push(outcome)
    console.log([mediansTable(outcome), ...outcome.notes, `${duration(Date.now() - measureStartedAt)}\n`].join('\n'))
  }
  console.log(goalsTable(outcomes))
  if (!complete)
    return console.log('\nRESULTS.md and the chart were not updated: only a run of every measure at full size writes them.')

  const minutes = Math.round((Date.now() - startedAt.getTime()) / 60_000)
  const command = `make bench${rounds === 3 ? '' : ` ROUNDS=${rounds}`}`
  write('RESULTS.md', resultsPage({ machine: describeMachine(), command, startedAt, minutes, outcomes }))
  const filled = panels.flatMap(({ measure, figure, title }): Panel[] => {
    const outcome = outcomes.find(outcome => outcome.measure === measure)
    return outcome ? [{ title, outcome, figure }] : []
  })
  for (const theme of ['light', 'dark'] as const)
    write(`chart-${theme}.svg`, barChart(filled, theme))
}

function write(name: string, text: string): void {
  writeFileSync(new URL(name, import.meta.url), text)
  console.log(`Wrote loadtest/bench/${name}`)
}
