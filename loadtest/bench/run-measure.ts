import type { Course, Figures, Measure, Outcome } from './measure.ts'
import { shown } from './figures.ts'

export interface RunOptions {
  rounds: number
  /** Per cent of the full size. */
  size: number
  print: (line: string) => void
  signal: AbortSignal
}

/** Runs a measure from its preparation to the end of what it had started. */
export async function runMeasure(measure: Measure, { rounds, size, print, signal }: RunOptions): Promise<Outcome> {
  const outcome: Outcome = { measure, rounds: {}, notes: [] }
  const resources = new AsyncDisposableStack()
  const course: Course = {
    compare: async (contenders) => {
      for (let round = 1; round <= rounds; round++) {
        for (const [name, run] of Object.entries(contenders)) {
          signal.throwIfAborted()
          const figures = await run()
          for (const [figure, value] of Object.entries(figures)) {
            if (!Number.isFinite(value))
              throw new TypeError(`${measure.name}: ${name} gave ${value} as its ${figure}`)
          }
          ;(outcome.rounds[name] ??= []).push(figures)
          print(`  round ${round} of ${rounds}  ${name.padEnd(34)} ${oneLine(figures)}`)
        }
      }
    },
    note: line => outcome.notes.push(line),
    progress: line => print(`  ${line}`),
    sized: full => Math.max(1, Math.round(full * size / 100)),
    resources,
    signal,
  }
  try {
    await measure.run(course)
  }
  finally {
    await resources.disposeAsync()
  }
  return outcome
}

/** The first few figures: a line has to fit into a terminal. */
function oneLine(figures: Figures): string {
  return Object.entries(figures).slice(0, 3).map(([name, value]) => `${shown(value)} ${name}`).join(', ')
}
