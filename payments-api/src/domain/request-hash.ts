import type { PaymentRequest } from './payment.ts'
import { hash } from 'node:crypto'

/** What a caller asks for. The rest of a request says who asks, with which key, and how the request is traced. */
type HashedField = Exclude<keyof PaymentRequest, 'caller' | 'idempotencyKey' | 'traceparent'>

/**
 * Tells whether two requests with one idempotency key ask for the same payment: SHA-256 over the canonical values, so that
 * 100, "100.0" and "100.00", an omitted default and the order of the fields make no difference.
 *
 * A new field of PaymentRequest does not compile until it is listed here; unlisted, a different payment would replay. A change to
 * this list needs a new version: stored keys must still be compared with the hash of their own version, or replays become 422.
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
