import type { AcceptedPayment, Outcome, PaymentStatus } from '../domain/payment.ts'
import type { PaymentDetailRow } from '../sql/find-payment.ts'
import type { EntryRow } from '../sql/list-entries.ts'
import type { JobRow } from '../sql/list-jobs.ts'
import type { PaymentRow } from '../sql/list-payments.ts'
import { OUTCOMES } from '../domain/payment.ts'

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
  createdAt: string
  updatedAt: string
}

/** A payment as it is now. discrepancyAmount is null unless the outcome is a discrepancy. */
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
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

/** A payment with its reconciliation, its job (null once pruned) and its entries. */
export function paymentDetailJson(row: PaymentDetailRow): object {
  return {
    ...paymentJson(row),
    idempotencyKey: row.idempotency_key,
    traceId: row.trace_id,
    reconciliation: row.result_status && {
      status: row.result_status,
      matched: row.matched,
      discrepancyAmount: row.discrepancy_amount,
      notes: row.notes,
      createdAt: row.reconciled_at,
    },
    job: row.job && jobFields(row.job),
    entries: row.entries.map(entryJson),
  }
}

export function entryJson(row: EntryRow): object {
  return {
    paymentId: row.payment_id,
    entryType: row.entry_type,
    accountId: row.account_id,
    currency: row.currency,
    amount: row.amount,
    balanceAfter: row.balance_after,
    accountVersion: Number(row.account_version),
    createdAt: row.created_at,
  }
}

export function jobJson(row: JobRow): object {
  return {
    paymentId: row.payment_id,
    ...jobFields(row),
    createdAt: row.created_at,
  }
}

function jobFields(row: Omit<JobRow, 'payment_id' | 'created_at'>): object {
  return {
    status: row.status,
    attempts: row.attempts,
    lastError: row.last_error,
    runAt: row.run_at,
    lockedBy: row.locked_by,
    lockedAt: row.locked_at,
    finishedAt: row.finished_at,
  }
}
