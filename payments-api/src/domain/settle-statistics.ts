import type { Latencies } from './latency-buckets.ts'
import { countLatency, mergeLatencies, noLatencies, percentile, settleLatencyMs } from './latency-buckets.ts'

/** How far the statistics look back. */
const WINDOW_SECONDS = 300
/** The span of the current rate: long enough for a steady figure at a few payments per second. */
const NOW_SECONDS = 10
const SIGNIFICANT_DIGITS = 3

interface Second {
  /** Unix time. */
  at: number
  settled: number
  latencies: Latencies
}

export interface SettleRate {
  /** Seconds that the rate covers; fewer than requested until this process has listened that long. */
  windowSeconds: number
  settled: number
  /** With three significant digits, so that a slow rate is not rounded to 0. */
  settledPerSecond: number
}

export interface SettleStatistics extends SettleRate {
  /** The last 10 s. */
  now: SettleRate
  /** From accepted to settled; null while nothing has settled. Percentiles are within 5 % or 1 ms; the longest is exact. */
  latencyMs: { p50: number | null, p95: number | null, p99: number | null, longest: number | null }
}

/**
 * How fast payments settle. Every API process computes this from the notifications that it receives, without a query. A
 * payment's latency runs from the time in its id until its notification arrives, and counts as 0 if the hosts' clocks differ
 * by more than that.
 */
export function settleStatistics(nowMs: () => number = Date.now): {
  record: (paymentIds: string[]) => void
  /** Starts over after missed notifications: figures across the gap would be too low. */
  restart: () => void
  read: () => SettleStatistics
} {
  let startedAtMs = nowMs()
  const ring: Second[] = Array.from({ length: WINDOW_SECONDS }, () => ({ at: -1, settled: 0, latencies: noLatencies() }))

  /** The rate over the elapsed part of the current second and the whole seconds before it. */
  function rate(seconds: Second[], now: number, windowSeconds: number): SettleRate {
    const since = Math.floor(now / 1_000) - windowSeconds + 1
    const settled = seconds.reduce((sum, second) => second.at >= since ? sum + second.settled : sum, 0)
    const coveredSeconds = Math.max(1, (now - Math.max(startedAtMs, since * 1_000)) / 1_000)
    return {
      windowSeconds: Math.max(1, Math.min(windowSeconds, Math.ceil((now - startedAtMs) / 1_000))),
      settled,
      settledPerSecond: Number((settled / coveredSeconds).toPrecision(SIGNIFICANT_DIGITS)),
    }
  }

  return {
    record: (paymentIds) => {
      const now = nowMs()
      const at = Math.floor(now / 1_000)
      const second = ring[at % WINDOW_SECONDS]!
      if (second.at !== at)
        Object.assign(second, { at, settled: 0, latencies: noLatencies() })
      second.settled += paymentIds.length
      for (const id of paymentIds)
        countLatency(second.latencies, settleLatencyMs(id, now))
    },
    restart: () => {
      startedAtMs = nowMs()
      for (const second of ring)
        second.at = -1
    },
    read: () => {
      const now = nowMs()
      const seconds = ring.filter(({ at }) => at > Math.floor(now / 1_000) - WINDOW_SECONDS)
      const whole = rate(seconds, now, WINDOW_SECONDS)
      const latencies = mergeLatencies(seconds.map(second => second.latencies))
      return {
        ...whole,
        now: rate(seconds, now, NOW_SECONDS),
        latencyMs: {
          p50: percentile(latencies, 0.5),
          p95: percentile(latencies, 0.95),
          p99: percentile(latencies, 0.99),
          longest: whole.settled === 0 ? null : latencies.longestMs,
        },
      }
    },
  }
}
