/** Largest relative error of a percentile. */
const ACCURACY = 0.05
/**
 * Bucket i holds latencies in (GROWTH ** (i - 1), GROWTH ** i] ms; its middle is within ACCURACY of both ends.
 * Source: Masson, Rim, Lee, "DDSketch", VLDB 2019.
 */
const GROWTH = (1 + ACCURACY) / (1 - ACCURACY)
/** The last bucket begins at 400 days. It has no middle: its latencies are reported as the longest latency. */
export const BUCKETS = Math.ceil(Math.log(400 * 86_400_000) / Math.log(GROWTH)) + 2

/** Counts a latency in its bucket. */
export function countLatency(counts: Uint32Array, latencyMs: number): void {
  const bucket = latencyMs <= 1 ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(latencyMs) / Math.log(GROWTH)))
  counts[bucket] = counts[bucket]! + 1
}

/** The latency in ms that this fraction of all is at or below, within 5 % or 1 ms; null if nothing was counted. */
export function percentile(counts: ArrayLike<number>, fraction: number, longestMs: number): number | null {
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
