import type { PaymentStatus } from '../domain/payment.ts'

/** Why nothing can be refunded of a payment with this status, and what to do. */
export function whyNotRefundable(status: PaymentStatus): string {
  switch (status) {
    case 'pending':
      return 'The payment is pending. Only a completed payment can be refunded: wait until it has settled.'
    case 'failed':
      return 'The payment failed, so there is nothing to refund.'
    case 'refunded':
      return 'The payment has been refunded in full.'
    case 'completed':
    case 'partially_refunded':
      return 'Nothing is left of the payment: its refunds, which have not all settled yet, take the whole amount.'
  }
}

/** Why a refund is too high, and what to do. */
export function whyTooMuch(left: string, currency: string): string {
  return `Only ${left} ${currency} of the payment can still be refunded. Refunds that have not settled yet count too.`
}
