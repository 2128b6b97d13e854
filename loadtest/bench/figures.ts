import type { Figures, Goal, Outcome } from './measure.ts'

/** The middle value; of an even number of them, the mean of the two in the middle. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The value that a share `q` of them does not exceed, by the nearest rank. */
export function quantile(values: number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)]!
}

/** The median over all rounds of each figure that a contender has. */
export function medians(rounds: Figures[]): Figures {
  const names = Object.keys(rounds[0] ?? {})
  return Object.fromEntries(names.map(name => [name, median(rounds.map(figures => figures[name]!))]))
}

export interface Judged { goal: Goal, value: number, met: boolean }

/** The goals of a measure with what came of them; those whose contenders did not run are left out. */
export function judge({ measure, rounds }: Outcome): Judged[] {
  return measure.goals.flatMap((goal) => {
    const of = rounds[goal.of]
    const to = goal.to === undefined ? undefined : rounds[goal.to]
    if (!of || (goal.to !== undefined && !to))
      return []
    const [above, below] = [medians(of), to && medians(to)]
    const values = (goal.figure === undefined ? Object.keys(above).filter(name => name !== goal.except) : [goal.figure])
      .map(name => above[name]! / (below ? below[name]! : 1))
    const value = goal.atLeast === undefined ? Math.max(...values) : Math.min(...values)
    return [{ goal, value, met: value >= (goal.atLeast ?? -Infinity) && value <= (goal.atMost ?? Infinity) }]
  })
}

/** A number for a person: three digits that mean something, thousands apart. */
export function shown(value: number): string {
  const decimals = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
}
