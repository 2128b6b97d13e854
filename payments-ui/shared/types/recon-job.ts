/** Reconciliation's work on one payment. */
export interface Job {
  status: string
  /** Attempts that failed, and the one that did not. */
  attempts: number
  lastError: string | null
  /** ISO 8601. Not before this. */
  runAt: string
  /** The worker that settled it, or last failed to. */
  lockedBy: string | null
  lockedAt: string | null
  finishedAt: string | null
}

export interface ReconJob extends Job {
  paymentId: string
}

export interface ReconJobPage {
  jobs: ReconJob[]
  /** Opaque; null on the last page. */
  nextCursor: string | null
}

/** The result of a bulk retry. */
export interface RetriedReconJobs {
  /** Put back into the queue by this request. */
  retried: number
  /** Still dead, counted up to 100,000. */
  remaining: number
}
