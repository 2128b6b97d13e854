import type { Worker } from './operations.ts'

export interface WorkerStep {
  /** ISO 8601. */
  startedAt: string
  /** Payments that the worker, and all workers, reported as settled in this step. */
  settled: number
  settledByAll: number
}

/** What GET /operations/workers/{workerId} returns. */
export interface WorkerHistory {
  worker: Worker
  stepSeconds: number
  /** Oldest first. The last step has not ended. */
  steps: WorkerStep[]
}
