import type { LedgerEntry } from '#shared/types/account'

export interface BalancePoint {
  /** ISO 8601. */
  time: string
  /** A decimal string, as people read it. */
  balance: string
  /** Seconds since 1970, for the chart's axis. */
  seconds: number
  /** The balance as near as a number can be: for the height of a line, never for a figure. */
  height: number
}

/** The balance after each entry, oldest first, from entries that come newest first. */
export function balancePoints(entries: readonly LedgerEntry[]): BalancePoint[] {
  return entries.map(entry => ({
    time: entry.createdAt,
    balance: entry.balanceAfter,
    seconds: Date.parse(entry.createdAt) / 1_000,
    height: Number(entry.balanceAfter),
  })).reverse()
}

/**
 * The last point of each moment. A worker posts many entries in one transaction, at one time; the chart needs times that
 * rise, and would else scale its axis by the first of them.
 */
export function lastPerInstant(points: readonly BalancePoint[]): BalancePoint[] {
  return points.filter((point, index) => point.seconds !== points[index + 1]?.seconds)
}
