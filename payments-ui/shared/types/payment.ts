/** Every status that app/utils/payment-status-look.ts has a look for. A newer API may return others. */
export const paymentStatuses = ['pending', 'completed', 'failed', 'partially_refunded', 'refunded'] as const
export type PaymentStatus = typeof paymentStatuses[number]

/** What reconciliation found. */
export type PaymentOutcome = 'matched' | 'discrepancy' | 'failed'

/** A known value, or one that a newer API has added. */
type OrNewer<Known extends string> = Known | (string & {})

/** What POST /payments returns. */
export interface AcceptedPayment {
  id: string
  accountId: string
  /** A decimal string with the currency's number of decimals, such as "100.00"; never a number. */
  amount: string
  /** ISO 4217. */
  currency: string
  description: string
  status: OrNewer<PaymentStatus>
  /** ISO 8601, UTC. */
  createdAt: string
}

export interface Payment extends AcceptedPayment {
  /** The worker has given the job up: the payment stays pending until the job is retried. */
  jobDead: boolean
  /** Null until the payment has settled. */
  outcome: OrNewer<PaymentOutcome> | null
  /** A decimal string; null if there is no discrepancy. */
  discrepancyAmount: string | null
  /** The sum of its settled refunds as a decimal string. The API always sends it: null after an event, until it has been fetched. */
  refundedAmount: string | null
}

export interface PaymentPage {
  /** Newest first. */
  payments: Payment[]
  /** Opaque; null on the last page. */
  nextCursor: string | null
}

/** The body of POST /payments. The amount is sent as typed: the API validates it. */
export interface PaymentRequest {
  accountId: string
  amount: string
  currency: string
  description: string
}
