/** A claim looks at all jobs, and not only at those since the mark, at least this often. */
const FULL_CLAIM_EVERY_MS = 5_000
/**
 * How far below the oldest job of the last batch the mark is: what is committed later than this, or rolled back by another
 * worker, waits for the next full claim. Each claim walks over what finished since the mark: at 10,000 a second, 2 s are
 * 20,000 jobs, and a quarter of the rate.
 */
const SLACK_MS = 500

/** Where claims start: see claimJobs. All batches of a worker share one. */
export interface LowWaterMark {
  /** Where the next claim starts: '-infinity' makes it a full one. */
  next: () => Date | '-infinity'
  /** A batch was settled whose oldest job was due at this time. */
  moveTo: (oldest: Date) => void
  /** Makes the next claim a full one: jobs may be due below the mark. */
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
