/** The job that reconciles one payment or refund. */
export interface Job {
  status: string
  /** Failed attempts, plus the successful one. */
  attempts: number
  lastError: string | null
  /** The job is due from this time on. ISO 8601. */
  runAt: string
  /** The worker that settled the job, or last failed to. */
  lockedBy: string | null
  lockedAt: string | null
  finishedAt: string | null
}

export interface ReconJob extends Job {
  paymentId: string
  /** The refund of the payment that the job settles; null if it settles the payment. */
  refundId: string | null
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
