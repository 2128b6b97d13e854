import type { Payment } from '../../shared/types/payment'
import type { PaymentDetail } from '../../shared/types/payment-detail'
import type { Refund } from '../../shared/types/refund'

const AT = '2026-11-23T16:05:13.123Z'

export function aPayment(values: Partial<Payment> = {}): Payment {
  return {
    id: '01932f00-0000-7000-8000-000000000001',
    accountId: 'ACC-001',
    amount: '100.00',
    currency: 'USD',
    description: '',
    status: 'pending',
    jobDead: false,
    outcome: null,
    discrepancyAmount: null,
    refundedAmount: '0.00',
    createdAt: AT,
    ...values,
  }
}

/** A payment that waits for a worker. */
export function aPaymentDetail(values: Partial<PaymentDetail> = {}): PaymentDetail {
  return {
    ...aPayment(),
    idempotencyKey: 'order-4711',
    traceId: null,
    reconciliation: null,
    job: { status: 'pending', attempts: 0, lastError: null, runAt: AT, lockedBy: null, lockedAt: null, finishedAt: null },
    entries: [],
    refundableAmount: '0.00',
    refunds: [],
    moreRefunds: false,
    ...values,
  }
}

/** A refund that waits for a worker. */
export function aRefund(values: Partial<Refund> = {}): Refund {
  return {
    id: '01932f00-0000-7000-8000-000000000002',
    paymentId: '01932f00-0000-7000-8000-000000000001',
    amount: '30.00',
    currency: 'USD',
    reason: 'Returned goods',
    status: 'pending',
    jobDead: false,
    outcome: null,
    discrepancyAmount: null,
    createdAt: AT,
    updatedAt: AT,
    ...values,
  }
}
