import type { HistoryStep, OperationsHistory } from '#shared/types/operations-history'

/** A history as columns for charts: one value for each step that has ended, oldest first. */
export interface ChartColumns {
  /** When each step began, in Unix seconds. */
  times: number[]
  /** Settled per second. Each includes the ones below it, as a stack is drawn: failed, then discrepancies, then matches. */
  failed: number[]
  disputed: number[]
  settled: number[]
  /** Milliseconds; null where nothing settled. */
  p50: (number | null)[]
  p95: (number | null)[]
  /** Jobs; null where they were not counted. */
  waiting: (number | null)[]
}

/** Converts a history to columns. Leaves out the running step, which would always seem slow. */
export function chartColumns({ stepSeconds, steps }: OperationsHistory): ChartColumns {
  const ended = steps.slice(0, -1)
  const perSecond = (count: (step: HistoryStep) => number) => ended.map(step => count(step) / stepSeconds)
  return {
    times: ended.map(step => Date.parse(step.startedAt) / 1_000),
    failed: perSecond(step => step.failed),
    disputed: perSecond(step => step.failed + step.discrepancy),
    settled: perSecond(step => step.failed + step.discrepancy + step.matched),
    p50: ended.map(step => step.p50),
    p95: ended.map(step => step.p95),
    waiting: ended.map(step => step.waiting),
  }
}

/** How many payments settled in the whole history, by outcome. */
export function historyTotals({ steps }: OperationsHistory) {
  const sum = (count: (step: HistoryStep) => number) => steps.reduce((total, step) => total + count(step), 0)
  return { matched: sum(step => step.matched), discrepancy: sum(step => step.discrepancy), failed: sum(step => step.failed) }
}

/** The indexes of values between two gaps, which a line cannot show. */
export function lonePoints(values: ArrayLike<number | null | undefined>): number[] {
  const isGap = (index: number) => values[index] === null || values[index] === undefined
  return Array.from(values, (_, index) => index).filter(index => !isGap(index) && isGap(index - 1) && isGap(index + 1))
}
