import { isLockNotAvailable } from './database-errors.ts'

/**
 * Whether a statement gave up waiting for a row that another transaction has locked. The error's context then names the row, as
 * in `while inserting index tuple (0,1) in relation "payments"`; for a lock on a whole table it does not. Postgres translates the
 * words, but not the row's position or the table's name.
 */
export function isRowLockTimeout(error: unknown): boolean {
  return isLockNotAvailable(error) && /^.*\(\d+,\d+\)/.test(contextOf(error))
}

/** Whether that row is a payment with the same idempotency key: an insert of a payment waits for no other row of payments. */
export function isKeyLockTimeout(error: unknown): boolean {
  return isLockNotAvailable(error) && /^.*\(\d+,\d+\).*\bpayments\b/.test(contextOf(error))
}

/**
 * Whether request_refund waited for a payment or refund with the same idempotency key. It may also wait for the row of the payment
 * that it refunds; the context then quotes another statement of that function.
 */
export function isRefundKeyLockTimeout(error: unknown): boolean {
  return isKeyLockTimeout(error) && /\binsert into payments\b/.test(contextOf(error))
}

function contextOf(error: unknown): string {
  return error instanceof Error && 'where' in error && typeof error.where === 'string' ? error.where : ''
}
