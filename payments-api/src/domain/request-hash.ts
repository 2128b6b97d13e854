import type { PaymentRequest } from './payment.ts'
import { hash } from 'node:crypto'

/** The fields that define the payment. The rest of a request says who sent it, with which key, and how it is traced. */
type HashedField = Exclude<keyof PaymentRequest, 'caller' | 'idempotencyKey' | 'traceparent'>

/**
 * SHA-256 over a payment's canonical values, equal for two requests that ask for the same payment: 100, "100.0" and "100.00",
 * an omitted default and the order of the fields make no difference.
 *
 * A new field of PaymentRequest does not compile until it is listed here; otherwise a different payment would be replayed. A
 * change to this list needs a new version: stored keys must be compared with the hash of their own version, or replays become 422.
 */
export function requestHash({ accountId, minorUnits, currency, description }: Pick<PaymentRequest, HashedField>): Buffer {
  const canonical: Record<HashedField, string> = {
    accountId,
    minorUnits: minorUnits.toString(),
    currency,
    description,
  }
  return hash('sha256', JSON.stringify(['v1', ...Object.values(canonical)]), 'buffer')
}

/** The fields that define a refund. */
export interface HashedRefund {
  paymentId: string
  /** Decimal string with all decimals of the payment's amount. */
  amount: string
  /** Whether the request asked for all that was left, instead of this amount. */
  isRest: boolean
  reason: string
}

/** The same for a refund. The database computes it when it writes the refund, which may be the first to know the amount: refund_request_hash. */
export function refundHash({ paymentId, amount, isRest, reason }: HashedRefund): Buffer {
  const minorUnits = BigInt(amount.replace('.', '')).toString()
  return hash('sha256', JSON.stringify(['refund-v1', paymentId, minorUnits, isRest, reason]), 'buffer')
}
