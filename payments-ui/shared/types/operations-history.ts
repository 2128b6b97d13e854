export interface HistoryStep {
  /** ISO 8601. */
  startedAt: string
  /** Payments that settled in this step, by outcome. */
  matched: number
  discrepancy: number
  failed: number
  /** From accepted to settled, in milliseconds; null if nothing settled. */
  p50: number | null
  p95: number | null
  /** Jobs in the queue; null if they were not counted. */
  waiting: number | null
}

/** What GET /operations/history returns. */
export interface OperationsHistory {
  stepSeconds: number
  /** Oldest first. The last step has not ended. */
  steps: HistoryStep[]
}
