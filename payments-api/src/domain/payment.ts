/**
 * A payment is pending until it is reconciled, then completed (posted to the ledger) or failed (not posted). A completed one is
 * partially refunded once a refund of it has settled, and refunded once nothing is left.
 */
export const PAYMENT_STATUSES = ['pending', 'completed', 'failed', 'partially_refunded', 'refunded'] as const
export type PaymentStatus = typeof PAYMENT_STATUSES[number]

/** What reconciliation found, in the API's words. The key is the result's status in the database. */
export const OUTCOMES = {
  completed: 'matched',
  completed_with_discrepancy: 'discrepancy',
  failed: 'failed',
} as const
export type ResultStatus = keyof typeof OUTCOMES
export type Outcome = typeof OUTCOMES[ResultStatus]

/** The status that a payment has once its result is written. Its refunds may change it later. */
export const SETTLED_STATUS: Record<ResultStatus, PaymentStatus> = {
  completed: 'completed',
  completed_with_discrepancy: 'completed',
  failed: 'failed',
}

/** The results that a payment with this status can have; none for a pending payment. */
export const RESULTS_BY_STATUS: Record<PaymentStatus, readonly ResultStatus[]> = {
  pending: [],
  completed: ['completed', 'completed_with_discrepancy'],
  failed: ['failed'],
  partially_refunded: ['completed', 'completed_with_discrepancy'],
  refunded: ['completed', 'completed_with_discrepancy'],
}

export const RESULTS_BY_OUTCOME: Record<Outcome, ResultStatus> = {
  matched: 'completed',
  discrepancy: 'completed_with_discrepancy',
  failed: 'failed',
}

/** A request that is well-formed and within the rules that need no database. */
export interface PaymentRequest {
  caller: string
  idempotencyKey: string
  accountId: string
  minorUnits: bigint
  currency: string
  description: string
  traceparent: string | null
}

/** A payment that has been checked and may be written. Amounts carry all decimals of their currency: "100.00". */
export interface NewPayment {
  id: string
  caller: string
  idempotencyKey: string
  requestHash: Buffer
  accountId: string
  amount: string
  currency: string
  description: string
  createdAt: Date
  traceparent: string | null
}

/** The content of a payment's first response: only facts that never change, so that a replay returns the same bytes. */
export interface AcceptedPayment {
  id: string
  accountId: string
  amount: string
  currency: string
  description: string
  createdAt: Date
}
