/** Every status that this console has a look for (app/utils/payment-status-look.ts). The API may know more. */
export const paymentStatuses = ['pending', 'completed', 'failed'] as const
export type PaymentStatus = typeof paymentStatuses[number]

/** What reconciliation found; null until the payment has settled. */
export type PaymentOutcome = 'matched' | 'discrepancy' | 'failed'

/** A text that may also be one that a newer API knows and this console does not. */
type OrNewer<Known extends string> = Known | (string & {})

/** What POST /payments answers. */
export interface AcceptedPayment {
  id: string
  accountId: string
  /** A decimal string with the currency's own number of digits, such as "100.00". Never a number. */
  amount: string
  /** ISO 4217. */
  currency: string
  description: string
  status: OrNewer<PaymentStatus>
  /** ISO 8601, UTC. */
  createdAt: string
}

export interface Payment extends AcceptedPayment {
  outcome: OrNewer<PaymentOutcome> | null
  /** A decimal string; null where there is no discrepancy. */
  discrepancyAmount: string | null
}

export interface PaymentPage {
  /** Newest first. */
  payments: Payment[]
  /** Opaque; null on the last page. */
  nextCursor: string | null
}

/** What a person asks for. The amount stays the text that was typed: the API judges it. */
export interface PaymentRequest {
  accountId: string
  amount: string
  currency: string
  description: string
}
