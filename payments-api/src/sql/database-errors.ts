import pg from 'pg'
import { causeOf } from './sqlstates.ts'

/** The database is unavailable now; a later try may succeed. */
export class DatabaseUnavailableError extends Error {}

/** The database sends nothing, on an open connection or a new one, so an immediate retry is useless. */
export class SilentDatabaseError extends DatabaseUnavailableError {}

/** The connection broke during a statement, which may or may not have been committed. */
export class LostConnectionError extends DatabaseUnavailableError {}

/** Committed on this server, but perhaps on no synchronous standby. Repeating the request waits for the confirmation. */
export class UnconfirmedError extends DatabaseUnavailableError {
  constructor(options?: ErrorOptions) {
    super('a commit was not confirmed by a synchronous standby', options)
  }
}

/** The SQLSTATE of an error of pg's class DatabaseError; other errors have codes (EPIPE, EPERM) that look like SQLSTATEs. */
function sqlState(error: unknown): string {
  return error instanceof pg.DatabaseError ? error.code ?? '' : ''
}

/** The database refused a row for its values: data exception (22) or constraint violation (23). A retry cannot help. */
export function isRefusedRow(error: unknown): boolean {
  return causeOf(sqlState(error)) === 'row'
}

/** Another transaction held a lock for longer than the role's lock_timeout. */
export function isLockNotAvailable(error: unknown): boolean {
  return sqlState(error) === '55P03'
}

/** A deadlock or a serialization failure: nothing was written, and an immediate retry may succeed. */
export function isConflict(error: unknown): boolean {
  return sqlState(error).startsWith('40')
}

/** The connection is gone or leads to a standby; the statement may or may not have been committed. */
export function isLostConnection(error: unknown): boolean {
  return error instanceof LostConnectionError || /^(?:08|57P0[1245]|25006|25P0[34])/.test(sqlState(error))
}

/** Whether the database's state caused the error: 503 with Retry-After. Any other error is our own fault: 500. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof DatabaseUnavailableError || causeOf(sqlState(error)) === 'state'
}
