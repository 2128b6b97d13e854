/** A refund is pending until it is reconciled, then completed. What could fail it is refused when it is requested. */
export const REFUND_STATUSES = ['pending', 'completed'] as const
export type RefundStatus = typeof REFUND_STATUSES[number]

/** A request that is well-formed. Whether its amount fits is known once its payment is. */
export interface RefundRequest {
  caller: string
  idempotencyKey: string
  /** In lower case. */
  paymentId: string
  /** A decimal number above zero, as sent. Undefined asks for all that is left. */
  amount: string | undefined
  reason: string
  traceparent: string | null
}

/** A refund that may be written. */
export interface NewRefund extends Omit<RefundRequest, 'amount'> {
  id: string
  /** With all decimals of the payment's amount; null for all that is left. */
  amount: string | null
  createdAt: Date
}

/** The content of a refund's first response: only facts that never change, so that a replay returns the same bytes. */
export interface AcceptedRefund {
  id: string
  paymentId: string
  accountId: string
  amount: string
  currency: string
  reason: string
  createdAt: Date
}

/** The filters of a list of refunds. A refund must match all that are set. */
export interface RefundFilter {
  status?: RefundStatus | undefined
  paymentId?: string | undefined
  accountId?: string | undefined
}
