import type { LedgerEntry } from './account.ts'
import type { Payment } from './payment.ts'
import type { Job } from './recon-job.ts'

export interface Reconciliation {
  status: string
  /** A decimal string; zero if nothing is disputed. */
  discrepancyAmount: string
  /** The reason, in words. */
  notes: string | null
  createdAt: string
}

/** What GET /payments/{id} returns. */
export interface PaymentDetail extends Payment {
  idempotencyKey: string
  /** Null if the request had no traceparent header, and once the job has been pruned. */
  traceId: string | null
  reconciliation: Reconciliation | null
  /** Null once a finished job has been pruned. */
  job: Job | null
  /** The customer's credit first; empty unless the payment is completed. */
  entries: LedgerEntry[]
}
