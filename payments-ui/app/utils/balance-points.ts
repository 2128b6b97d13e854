import type { BalanceAfter } from '#shared/types/account'

export interface BalancePoint {
  /** ISO 8601. */
  time: string
  /** A decimal string, for display. */
  balance: string
  /** Unix time in seconds, for the chart's axis. */
  seconds: number
  /** The balance as a float: for the chart's line, never for display. */
  y: number
}

/** Returns the points of a balance's history for the chart. */
export function balancePoints(history: readonly BalanceAfter[]): BalancePoint[] {
  return history.map(({ createdAt, balance }) => ({
    time: createdAt,
    balance,
    seconds: Date.parse(createdAt) / 1_000,
    y: Number(balance),
  }))
}

/**
 * Keeps the last of the points with equal times. A worker posts many entries in one transaction, which share one time; uPlot
 * needs strictly increasing times to scale its axis.
 */
export function lastPerInstant(points: readonly BalancePoint[]): BalancePoint[] {
  return points.filter((point, index) => point.seconds !== points[index + 1]?.seconds)
}
