import type { Outcome } from '../domain/payment.ts'
import type { AcceptedRefund, RefundStatus } from '../domain/refund.ts'
import type { PaymentDetailRow } from '../sql/find-payment.ts'
import type { PaymentRow } from '../sql/walk-payments.ts'
import { OUTCOMES } from '../domain/payment.ts'
import { detailFields } from './detail-json.ts'

/** The first response for a refund. Like that of a payment, its form is frozen: every replay repeats its bytes. */
export function acceptedRefundJson(refund: AcceptedRefund): string {
  const { id, paymentId, accountId, amount, currency, reason, createdAt } = refund
  return JSON.stringify({
    id,
    paymentId,
    accountId,
    amount,
    currency,
    reason,
    status: 'pending',
    createdAt,
  })
}

export interface RefundJson {
  id: string
  paymentId: string
  accountId: string
  amount: string
  currency: string
  reason: string
  status: RefundStatus
  jobDead: boolean
  outcome: Outcome | null
  discrepancyAmount: string | null
  createdAt: string
  updatedAt: string
}

/** A refund as it is now. */
export function refundJson(row: PaymentRow): RefundJson {
  return {
    id: row.id,
    paymentId: row.refund_of!,
    accountId: row.account_id,
    amount: row.amount,
    currency: row.currency,
    reason: row.description,
    status: row.status as RefundStatus,
    jobDead: row.job_dead,
    outcome: row.result_status && OUTCOMES[row.result_status],
    discrepancyAmount: row.result_status === 'completed_with_discrepancy' ? row.discrepancy_amount : null,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

/** A refund with its reconciliation, its job (null once pruned) and its entries. */
export function refundDetailJson(row: PaymentDetailRow): object {
  return { ...refundJson(row), ...detailFields(row) }
}
