import type { Knex } from 'knex'
import type { PaymentStatus } from '../domain/payment.ts'
import type { NewRefund } from '../domain/refund.ts'
import type { WrittenRefund } from '../domain/request-refund.ts'
import { DURABLE_COMMIT } from './session.ts'

interface Row {
  outcome: WrittenRefund['outcome']
  amount: string
  currency: string
  account_id: string
  payment_status: PaymentStatus
  left_amount: string
}

/**
 * Writes a refund with its job and reserves its amount on the payment, in one autocommitted statement. Waits for the payment's
 * row lock and for a rival with the same key, each for at most the role's lock_timeout.
 *
 * Never call it inside a transaction: a process that stops between BEGIN and COMMIT would block other refunds of the payment.
 */
export async function requestRefund(db: Knex, refund: NewRefund): Promise<WrittenRefund> {
  const { rows: [row] } = await db.raw<{ rows: Row[] }>(`
    select r.outcome, r.amount, r.currency, r.account_id, r.payment_status, r.left_amount, ${DURABLE_COMMIT}
      from request_refund(?::uuid, ?, ?, ?::uuid, ?::numeric, ?, ?::timestamptz, ?) r`, [
    refund.id,
    refund.caller,
    refund.idempotencyKey,
    refund.paymentId,
    refund.amount,
    refund.reason,
    refund.createdAt.toISOString(),
    refund.traceparent,
  ] as Knex.RawBinding[]).options({ name: 'request-refund' })
  const { outcome, amount, currency, account_id: accountId, payment_status: paymentStatus, left_amount: left } = row!
  switch (outcome) {
    case 'created': return { outcome, amount, currency, accountId }
    case 'not-refundable': return { outcome, paymentStatus }
    case 'exceeds': return { outcome, paymentStatus, left, currency }
    case 'key-held':
    case 'not-found': return { outcome }
  }
}
