import pg from 'pg'
import { DatabaseUnavailableError } from './database-unavailable.ts'

/**
 * What a failed batch means. SQLSTATE classes: https://www.postgresql.org/docs/18/errcodes-appendix.html
 *
 * | SQLSTATE                                                | fault    | the worker                                     |
 * |---------------------------------------------------------|----------|------------------------------------------------|
 * | 22 data exception, 23 constraint, P0001 raise exception | data     | finds the refused jobs, counts an attempt      |
 * | 40001 serialization failure, 40P01 deadlock             | conflict | retries the batch at once, a few times         |
 * | any other, or an error without one                      | outage   | backs off, is not ready, counts no attempt     |
 *
 * Our own checks raise 23; P0001 is what anybody else's trigger raises to refuse a row. As an outage, one such row would stop
 * every payment. As a refusal it costs that row, and the queue pauses itself if it is most of them.
 */
export type Fault = 'data' | 'conflict' | 'outage'

export function faultOf(error: unknown): Fault {
  const state = sqlState(error) ?? ''
  if (/^(?:22|23|P0001)/.test(state))
    return 'data'
  return /^40(?:001|P01)/.test(state) ? 'conflict' : 'outage'
}

/** Whether one lock (55P03) or the whole statement (57014) took too long. An outage, unless deferring held jobs helps. */
export function isTimeout(error: unknown): boolean {
  return /^(?:55P03|57014)$/.test(sqlState(error) ?? '')
}

/** Returns the text for last_error: the database's message and SQLSTATE, without the statement that Knex prepends. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error))
    return String(error)
  const state = sqlState(error)
  return state ? `${error.message.replace(/^[\s\S]* - /, '')} (SQLSTATE ${state})` : error.message
}

/** Returns why the worker cannot settle, for GET /ready. The text contains no statement, address or row value. */
export function outageReason(error: unknown): string {
  const refusedByUs = error instanceof DatabaseUnavailableError && error.cause === undefined
  if (sqlState(error) || refusedByUs)
    return errorText(error)
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? `the database cannot be reached (${code})` : 'the database cannot be reached'
}

/** The SQLSTATE of an error of pg's class DatabaseError; other errors have codes (EPIPE, E2BIG) that look like SQLSTATEs. */
function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined
}
