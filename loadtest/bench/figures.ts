import type { Figures, Goal, MeasureOutcome } from './measure.ts'

/** The middle value, or the mean of the two middle values of an even number. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The quantile `q` by the nearest-rank method. */
export function quantile(values: number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)]!
}

/** The median of each figure over all rounds of a contender. */
export function medians(rounds: Figures[]): Figures {
  const names = Object.keys(rounds[0] ?? {})
  return Object.fromEntries(names.map(name => [name, median(rounds.map(figures => figures[name]!))]))
}

interface JudgedGoal { goal: Goal, value: number, met: boolean }

/** Judges a measure's goals by its medians. Leaves out goals whose contenders did not run. */
export function judgeGoals({ measure, rounds }: MeasureOutcome): JudgedGoal[] {
  return measure.goals.flatMap((goal) => {
    const contender = rounds[goal.contender]
    const baseline = goal.baseline === undefined ? undefined : rounds[goal.baseline]
    if (!contender || (goal.baseline !== undefined && !baseline))
      return []
    const [dividend, divisor] = [medians(contender), baseline && medians(baseline)]
    const values = (goal.figure === undefined ? Object.keys(dividend).filter(name => name !== goal.exceptFigure) : [goal.figure])
      .map(name => dividend[name]! / (divisor ? divisor[name]! : 1))
    const value = goal.atLeast === undefined ? Math.max(...values) : Math.min(...values)
    return [{ goal, value, met: value >= (goal.atLeast ?? -Infinity) && value <= (goal.atMost ?? Infinity) }]
  })
}

/** Formats a number with three significant digits below 100 (two below 1), and thousands separators. */
export function formatFigure(value: number): string {
  const decimals = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
}
