import type { SettlementDetail } from './payment-detail.ts'
import type { Payment } from './payment.ts'

/** What POST /payments/{id}/refunds returns. */
export interface AcceptedRefund {
  id: string
  paymentId: string
  /** A positive decimal string with the currency's number of decimals. */
  amount: string
  /** ISO 4217. */
  currency: string
  /** May be empty. */
  reason: string
  /** `pending`, then `completed`: a refund never fails. */
  status: Payment['status']
  /** ISO 8601, UTC. */
  createdAt: string
}

/** A refund as it is now. */
export interface Refund extends AcceptedRefund, Pick<Payment, 'jobDead' | 'outcome' | 'discrepancyAmount'> {
  /** When it settled, once it has. ISO 8601, UTC. */
  updatedAt: string
}

/** What GET /refunds/{id} returns. */
export interface RefundDetail extends Refund, SettlementDetail {
  accountId: string
}

/** The body of POST /payments/{id}/refunds. The amount is sent as typed: the API validates it. */
export interface RefundRequest {
  amount: string
  reason: string
}
