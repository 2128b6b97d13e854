import type { AcceptedPayment, Outcome, PaymentStatus } from '../domain/payment.ts'
import type { PaymentDetailRow } from '../sql/find-payment.ts'
import type { PaymentRow } from '../sql/walk-payments.ts'
import { balanceText } from '../domain/money.ts'
import { OUTCOMES } from '../domain/payment.ts'
import { MAX_REFUNDS } from '../sql/find-payment.ts'
import { detailFields } from './detail-json.ts'
import { refundJson } from './refund-json.ts'

/**
 * The first response for a payment. Every later response for its idempotency key repeats it byte for byte, so its form is
 * frozen: a test pins the bytes, and a change needs a version stored with the payment.
 */
export function acceptedPaymentJson(payment: AcceptedPayment): string {
  const { id, accountId, amount, currency, description, createdAt } = payment
  return JSON.stringify({
    id,
    accountId,
    amount,
    currency,
    description,
    status: 'pending',
    createdAt,
  })
}

export interface PaymentJson {
  id: string
  accountId: string
  amount: string
  currency: string
  description: string
  status: PaymentStatus
  jobDead: boolean
  outcome: Outcome | null
  discrepancyAmount: string | null
  refundedAmount: string
  createdAt: string
  updatedAt: string
}

/** A payment as it is now. discrepancyAmount is null unless the outcome is a discrepancy. refundedAmount counts settled refunds. */
export function paymentJson(row: PaymentRow): PaymentJson {
  return {
    id: row.id,
    accountId: row.account_id,
    amount: row.amount,
    currency: row.currency,
    description: row.description,
    status: row.status,
    jobDead: row.job_dead,
    outcome: row.result_status && OUTCOMES[row.result_status],
    discrepancyAmount: row.result_status === 'completed_with_discrepancy' ? row.discrepancy_amount : null,
    refundedAmount: balanceText(row.refunded ?? '0', row.currency),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

/** A payment with its reconciliation, its job (null once pruned), its entries and its newest refunds. */
export function paymentDetailJson(row: PaymentDetailRow): object {
  return {
    ...paymentJson(row),
    ...detailFields(row),
    refundableAmount: row.refundable,
    refunds: row.refunds.slice(0, MAX_REFUNDS).map(refundJson),
    moreRefunds: row.refunds.length > MAX_REFUNDS,
  }
}
