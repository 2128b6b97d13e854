import pg from 'pg'
import { causeOf } from './sqlstates.ts'

/** Nothing can be had from the database now; later it may well be. */
export class DatabaseUnavailableError extends Error {}

/** Nothing comes from the database, on an open connection or a new one: trying again at once is no use. */
export class SilentDatabaseError extends DatabaseUnavailableError {}

/** The connection broke while a statement was under way, which may have been committed or not. */
export class LostConnectionError extends DatabaseUnavailableError {}

/** Committed on this server, but perhaps on no synchronous standby. The same request, sent again, confirms it or waits. */
export class UnconfirmedError extends DatabaseUnavailableError {
  constructor(options?: ErrorOptions) {
    super('a commit was not confirmed by a synchronous standby', options)
  }
}

/** The database said so: pg's class tells, for the codes of other errors (EPIPE, EPERM) can look like an SQLSTATE. */
function sqlState(error: unknown): string {
  return error instanceof pg.DatabaseError ? error.code ?? '' : ''
}

/** A row was refused for what it holds: data exception (22) or constraint violation (23). Trying again cannot help. */
export function isRefusedRow(error: unknown): boolean {
  return causeOf(sqlState(error)) === 'row'
}

/** Another transaction held what was waited for beyond the role's lock_timeout. */
export function isLockTimeout(error: unknown): boolean {
  return sqlState(error) === '55P03'
}

/** A deadlock or a serialization failure: nothing was written, and the same statement may well succeed at once. */
export function isConflict(error: unknown): boolean {
  return sqlState(error).startsWith('40')
}

/** The connection is gone, or is one to a standby, and the statement may have been committed or not. */
export function isLostConnection(error: unknown): boolean {
  return error instanceof LostConnectionError || /^(?:08|57P0[1245]|25006|25P0[34])/.test(sqlState(error))
}

/** The database cannot serve this now, for no fault of the statement: 503 with Retry-After. Of all else, the fault is ours: 500. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof DatabaseUnavailableError || causeOf(sqlState(error)) === 'state'
}
