/** At least this often, a claim looks at all jobs instead of only those due since the low-water mark. */
const FULL_CLAIM_EVERY_MS = 5_000
/**
 * Distance of the low-water mark below the oldest job of the last batch. A job committed later than this, or rolled back by
 * another worker, waits for the next full claim. Each claim scans the jobs finished since the mark: at 10,000 jobs/s, 2 s
 * mean 20,000 jobs and a quarter less throughput.
 */
const SLACK_MS = 500

/** The due time at which claims start (see claimJobs). All batches of a worker share one low-water mark. */
export interface LowWaterMark {
  /** Returns the start of the next claim; '-infinity' for a full claim. */
  next: () => Date | '-infinity'
  /** Moves the mark after a batch whose oldest job was due at this time. */
  moveTo: (oldest: Date) => void
  /** Makes the next claim a full claim: jobs may be due below the mark. */
  lookBelow: () => void
}

export function lowWaterMark(): LowWaterMark {
  let since: Date | '-infinity' = '-infinity'
  let fullClaimAtMs = 0
  return {
    next: () => {
      if (since !== '-infinity' && performance.now() < fullClaimAtMs)
        return since
      fullClaimAtMs = performance.now() + FULL_CLAIM_EVERY_MS
      return '-infinity'
    },
    moveTo: oldest => since = new Date(oldest.getTime() - SLACK_MS),
    lookBelow: () => fullClaimAtMs = 0,
  }
}
