import { isLockTimeout } from './database-errors.ts'

/**
 * A statement gave up waiting for a row of another transaction. Postgres then names the row in the error's context, as in
 * `while inserting index tuple (0,1) in relation "payments"`; for a lock on a whole table it does not. The words are in
 * the server's language, the row's position and the table's name are not.
 */
export function isRowLockTimeout(error: unknown): boolean {
  return isLockTimeout(error) && /^.*\(\d+,\d+\)/.test(contextOf(error))
}

/** The row is a payment with the same idempotency key: nothing else makes the insert of a payment wait for a row. */
export function isKeyLockTimeout(error: unknown): boolean {
  return isLockTimeout(error) && /^.*\(\d+,\d+\).*\bpayments\b/.test(contextOf(error))
}

function contextOf(error: unknown): string {
  return error instanceof Error && 'where' in error && typeof error.where === 'string' ? error.where : ''
}
