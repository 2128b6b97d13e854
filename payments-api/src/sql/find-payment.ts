import type { Knex } from 'knex'
import type { EntryRow } from './list-entries.ts'
import type { JobRow } from './list-jobs.ts'
import type { PaymentRow } from './walk-payments.ts'
import { isoTime, isoTimeOrNull } from './exact-times.ts'

export interface PaymentDetailRow extends PaymentRow {
  /** What is left of a payment after its refunds, settled or queued. 0 if its status forbids refunds. */
  refundable: string
  idempotency_key: string
  /** 32 hexadecimal digits, from the traceparent of the request. */
  trace_id: string | null
  matched: boolean | null
  notes: string | null
  reconciled_at: string | null
  job: JobRow | null
  entries: EntryRow[]
  /** Newest first. */
  refunds: PaymentRow[]
}

/** Most refunds that come with their payment. */
export const MAX_REFUNDS = 100

/**
 * One payment or refund with its result, its job, its ledger entries (the customer's first) and its newest refunds, one more than
 * MAX_REFUNDS if there are more, as of one instant.
 */
export async function findPayment(db: Knex, id: string): Promise<PaymentDetailRow | undefined> {
  const { rows } = await db.raw<{ rows: PaymentDetailRow[] }>(`
    select p.id, p.idempotency_key, p.account_id, p.amount, p.currency, p.description, p.status, p.created_at, p.updated_at,
           p.refund_of, p.refunded,
           case when p.status in ('completed', 'partially_refunded') then p.amount - coalesce(p.refund_reserved, 0) else round(0, scale(p.amount)) end as refundable,
           coalesce(j.status = 'dead', false) as job_dead, split_part(j.traceparent, '-', 2) as trace_id,
           r.status as result_status, r.discrepancy_amount, r.matched, r.notes, r.created_at as reconciled_at,
           case when j.payment_id is not null then json_build_object(
             'payment_id', j.payment_id, 'status', j.status, 'attempts', j.attempts, 'last_error', j.last_error, 'run_at', j.run_at,
             'locked_by', j.locked_by, 'locked_at', j.locked_at, 'created_at', j.created_at, 'finished_at', j.finished_at) end as job,
           (select coalesce(json_agg(json_build_object(
                     'payment_id', e.payment_id, 'entry_type', e.entry_type, 'account_id', e.account_id, 'currency', e.currency,
                     'amount', e.amount::text, 'balance_after', e.balance_after::text, 'refund_of', p.refund_of,
                     'account_version', e.account_version::text, 'created_at', e.created_at) order by position(':' in e.account_id)), '[]')
              from ledger_entries e
             where e.payment_id = p.id) as entries,
           (select coalesce(json_agg(refund), '[]')
              from (select f.id, f.account_id, f.amount::text, f.currency, f.description, f.status, f.created_at, f.updated_at, f.refund_of,
                           coalesce(fj.status = 'dead', false) as job_dead, fr.status as result_status, fr.discrepancy_amount::text
                      from payments f
                      left join recon_jobs fj on fj.payment_id = f.id
                      left join reconciliation_results fr on fr.payment_id = f.id
                     where f.refund_of = p.id
                     order by f.refund_of desc, f.id desc
                     limit ${MAX_REFUNDS + 1}) refund) as refunds
      from payments p
      left join recon_jobs j on j.payment_id = p.id
      left join reconciliation_results r on r.payment_id = p.id
     where p.id = ?`, [id]).options({ name: 'find-payment' })
  const row = rows[0]
  return row && {
    ...row,
    job: row.job && {
      ...row.job,
      refund_of: row.refund_of,
      run_at: isoTime(row.job.run_at),
      locked_at: isoTimeOrNull(row.job.locked_at),
      created_at: isoTime(row.job.created_at),
      finished_at: isoTimeOrNull(row.job.finished_at),
    },
    entries: row.entries.map(entry => ({ ...entry, created_at: isoTime(entry.created_at) })),
    refunds: row.refunds.map(refund => ({ ...refund, created_at: isoTime(refund.created_at), updated_at: isoTime(refund.updated_at) })),
  }
}
