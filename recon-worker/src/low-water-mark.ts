import type { LowWaterMark } from './sql/claim-jobs.ts'
import { FULL_SCAN } from './sql/claim-jobs.ts'

/** Longest time between two full scans. */
const FULL_SCAN_EVERY_MS = 5_000
/**
 * Distance of the low-water mark below the oldest job of the last batch. A job that becomes visible later than this, because
 * its insert committed late or another worker rolled it back, waits for the next full scan. Each claim also scans the jobs
 * finished within the slack: at 10,000 jobs/s, 2 s of slack is 20,000 jobs and 0.75× the throughput of 0.5 s.
 */
const SLACK_MS = 500

/** The due time at which claims start (see claimJobs). All batches of a worker share one low-water mark. */
export interface LowWaterMarkTracker {
  /** Returns the low-water mark for the next claim: FULL_SCAN at first, every five seconds and when scheduled. */
  next: () => LowWaterMark
  /** Moves the low-water mark to half a second before the oldest job of a batch. */
  moveBelow: (oldestRunAt: Date) => void
  /** Makes the next claim a full scan: jobs may be due below the low-water mark. Later claims use the same mark as before. */
  scheduleFullScan: () => void
}

export function trackLowWaterMark(): LowWaterMarkTracker {
  let lowWaterMark: LowWaterMark = FULL_SCAN
  let fullScanAtMs = 0
  return {
    next: () => {
      if (lowWaterMark !== FULL_SCAN && performance.now() < fullScanAtMs)
        return lowWaterMark
      fullScanAtMs = performance.now() + FULL_SCAN_EVERY_MS
      return FULL_SCAN
    },
    moveBelow: oldestRunAt => lowWaterMark = new Date(oldestRunAt.getTime() - SLACK_MS),
    scheduleFullScan: () => fullScanAtMs = 0,
  }
}
