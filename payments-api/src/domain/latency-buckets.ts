import { timeOfUuidv7 } from './uuidv7.ts'

/** Largest relative error of a percentile. */
const ACCURACY = 0.05
/**
 * Bucket i holds latencies in (GROWTH ** (i - 1), GROWTH ** i] ms; its middle is within ACCURACY of both ends.
 * Source: Masson, Rim, Lee, "DDSketch", VLDB 2019.
 */
const GROWTH = (1 + ACCURACY) / (1 - ACCURACY)
/** The last bucket begins at 400 days. It has no middle: its latencies are reported as the longest latency. */
const BUCKETS = Math.ceil(Math.log(400 * 86_400_000) / Math.log(GROWTH)) + 2

/** Counted latencies, and the longest of them. */
export interface Latencies {
  /** By bucket. */
  counts: Uint32Array
  longestMs: number
}

export function noLatencies(): Latencies {
  return { counts: new Uint32Array(BUCKETS), longestMs: 0 }
}

/** A payment's latency in ms, from the time in its id until now. It counts as 0 if the hosts' clocks differ by more than that. */
export function settleLatencyMs(paymentId: string, nowMs: number): number {
  return Math.max(0, nowMs - timeOfUuidv7(paymentId).getTime())
}

export function countLatency(latencies: Latencies, latencyMs: number): void {
  const bucket = latencyMs <= 1 ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(latencyMs) / Math.log(GROWTH)))
  latencies.counts[bucket] = latencies.counts[bucket]! + 1
  latencies.longestMs = Math.max(latencies.longestMs, latencyMs)
}

/** All latencies of several counts. */
export function mergeLatencies(all: Latencies[]): Latencies {
  return {
    counts: Uint32Array.from({ length: BUCKETS }, (_, bucket) => all.reduce((sum, { counts }) => sum + counts[bucket]!, 0)),
    longestMs: Math.max(0, ...all.map(({ longestMs }) => longestMs)),
  }
}

/** The latency in ms that this fraction of all is at or below, within 5 % or 1 ms; null if nothing was counted. */
export function percentile({ counts, longestMs }: Latencies, fraction: number): number | null {
  let total = 0
  for (let bucket = 0; bucket < BUCKETS; bucket++)
    total += counts[bucket]!
  if (total === 0)
    return null
  let rank = Math.ceil(total * fraction) - counts[0]!
  let bucket = 0
  while (rank > 0)
    rank -= counts[++bucket]!
  return Math.round(Math.min(middleOf(bucket), longestMs) * 10) / 10
}

/** The middle of a bucket, in milliseconds. */
function middleOf(bucket: number): number {
  return bucket === BUCKETS - 1 ? Infinity : 2 * GROWTH ** bucket / (GROWTH + 1)
}
