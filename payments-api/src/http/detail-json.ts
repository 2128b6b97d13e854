import type { PaymentDetailRow } from '../sql/find-payment.ts'
import type { EntryRow } from '../sql/list-entries.ts'
import type { JobRow } from '../sql/list-jobs.ts'

/** What the details of payments and refunds have in common. */
export function detailFields(row: PaymentDetailRow): object {
  return {
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
    ...subject(row),
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
    ...subject(row),
    ...jobFields(row),
    createdAt: row.created_at,
  }
}

/** The payment of an entry or a job, and the refund if it is one's. */
function subject({ payment_id, refund_of }: Pick<EntryRow, 'payment_id' | 'refund_of'>): object {
  return { paymentId: refund_of ?? payment_id, refundId: refund_of && payment_id }
}

function jobFields(row: Omit<JobRow, 'payment_id' | 'refund_of' | 'created_at'>): object {
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
