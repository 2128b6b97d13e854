import type { LedgerEntry } from './account.ts'
import type { Payment } from './payment.ts'
import type { Job } from './recon-job.ts'

export interface Reconciliation {
  status: string
  /** A decimal string; zero where nothing is in dispute. */
  discrepancyAmount: string
  /** Why, for people. */
  notes: string | null
  createdAt: string
}

/** What GET /payments/{id} answers. */
export interface PaymentDetail extends Payment {
  reconciliation: Reconciliation | null
  /** Null once a finished job was pruned. */
  job: Job | null
  /** The customer's credit first; empty unless the payment is completed. */
  entries: LedgerEntry[]
}
