import type { Figures, Measure, MeasureContext, MeasureOutcome } from './measure.ts'
import { formatFigure } from './figures.ts'

interface RunOptions {
  rounds: number
  /** Percent of the full size. */
  size: number
  print: (line: string) => void
  signal: AbortSignal
}

/** Runs a measure, and ends everything that it started. */
export async function runMeasure(measure: Measure, { rounds, size, print, signal }: RunOptions): Promise<MeasureOutcome> {
  const outcome: MeasureOutcome = { measure, rounds: {}, notes: [] }
  const resources = new AsyncDisposableStack()
  const context: MeasureContext = {
    compare: async (contenders) => {
      for (let round = 1; round <= rounds; round++) {
        for (const [name, run] of Object.entries(contenders)) {
          signal.throwIfAborted()
          const figures = await run()
          for (const [figure, value] of Object.entries(figures)) {
            if (!Number.isFinite(value))
              throw new TypeError(`${measure.name}: ${name} returned ${value} for ${figure}`)
          }
          ;(outcome.rounds[name] ??= []).push(figures)
          print(`  round ${round} of ${rounds}  ${name.padEnd(34)} ${formatFirstFigures(figures)}`)
        }
      }
    },
    note: line => outcome.notes.push(line),
    progress: line => print(`  ${line}`),
    scaled: full => Math.max(1, Math.round(full * size / 100)),
    resources,
    signal,
  }
  try {
    await measure.run(context)
  }
  finally {
    await resources.disposeAsync()
  }
  return outcome
}

/** The first three figures: more would not fit on a terminal's line. */
function formatFirstFigures(figures: Figures): string {
  return Object.entries(figures).slice(0, 3).map(([name, value]) => `${formatFigure(value)} ${name}`).join(', ')
}
