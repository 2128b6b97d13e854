import { timeOfUuidv7 } from './uuidv7.ts'

/** How far the statistics look back. */
const WINDOW_SECONDS = 300
/** Upper bounds of the latency classes, in milliseconds: each 1.25 times the one before, from 1 ms to about an hour. */
const BOUNDS_MS = Array.from({ length: 68 }, (_, i) => 1.25 ** i)

interface Second {
  at: number
  settled: number
  latencies: Uint32Array
}

export interface SettleStatistics {
  /** Seconds that the figures are over: at most 300, fewer since the process started. */
  windowSeconds: number
  settled: number
  settledPerSecond: number
  /** From accepted to settled; null while nothing was. Upper bounds, at most 25 % too high. */
  latencyMs: { p50: number | null, p95: number | null, p99: number | null }
}

/**
 * How fast payments settle, from the notifications that every API process hears, so that each can say it without asking
 * the database. A payment's latency is from the time in its id to the moment its settling is heard.
 */
export function settleStatistics(nowMs: () => number = Date.now): { record: (paymentIds: string[]) => void, read: () => SettleStatistics } {
  const startedAtMs = nowMs()
  const ring: Second[] = Array.from({ length: WINDOW_SECONDS }, () => ({
    at: -1,
    settled: 0,
    latencies: new Uint32Array(BOUNDS_MS.length),
  }))

  return {
    record: (paymentIds) => {
      const now = nowMs()
      const at = Math.floor(now / 1_000)
      const second = ring[at % WINDOW_SECONDS]!
      if (second.at !== at) {
        second.at = at
        second.settled = 0
        second.latencies.fill(0)
      }
      second.settled += paymentIds.length
      for (const id of paymentIds) {
        const latencyMs = now - timeOfUuidv7(id).getTime()
        const index = BOUNDS_MS.findIndex(bound => latencyMs <= bound)
        const slot = index < 0 ? BOUNDS_MS.length - 1 : index
        second.latencies[slot] = second.latencies[slot]! + 1
      }
    },
    read: () => {
      const now = nowMs()
      const since = Math.floor(now / 1_000) - WINDOW_SECONDS
      const seconds = ring.filter(second => second.at > since)
      const settled = seconds.reduce((sum, second) => sum + second.settled, 0)
      const windowSeconds = Math.max(1, Math.min(WINDOW_SECONDS, Math.ceil((now - startedAtMs) / 1_000)))
      const counts = BOUNDS_MS.map((_, i) => seconds.reduce((sum, second) => sum + second.latencies[i]!, 0))
      const quantile = (q: number): number | null => {
        let rank = Math.ceil(settled * q)
        const index = counts.findIndex(count => (rank -= count) <= 0)
        return settled === 0 ? null : Math.round(BOUNDS_MS[index]! * 10) / 10
      }
      return {
        windowSeconds,
        settled,
        settledPerSecond: Math.round(settled / windowSeconds * 100) / 100,
        latencyMs: {
          p50: quantile(0.5),
          p95: quantile(0.95),
          p99: quantile(0.99),
        },
      }
    },
  }
}
