import type { LedgerEntry } from './account.ts'
import type { Payment } from './payment.ts'
import type { Job } from './recon-job.ts'
import type { Refund } from './refund.ts'

export interface Reconciliation {
  status: string
  /** A decimal string; zero if nothing is disputed. */
  discrepancyAmount: string
  /** The reason, in words. */
  notes: string | null
  createdAt: string
}

/** How a payment or a refund settles. */
export interface SettlementDetail {
  idempotencyKey: string
  /** Null if the request had no traceparent header, and once the job has been pruned. */
  traceId: string | null
  reconciliation: Reconciliation | null
  /** Null once a finished job has been pruned. */
  job: Job | null
  /** The customer's first; empty until it is posted, which a failed payment never is. */
  entries: LedgerEntry[]
}

/** What GET /payments/{id} returns. */
export interface PaymentDetail extends Payment, SettlementDetail {
  /** What can still be refunded: settled and queued refunds are deducted. A decimal string. */
  refundableAmount: string
  /** The newest, newest first. */
  refunds: Refund[]
  /** There are older refunds than these. */
  moreRefunds: boolean
}
