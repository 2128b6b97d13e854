/**
 * Which failures of the database mean what. SQLSTATE classes: https://www.postgresql.org/docs/18/errcodes-appendix.html
 */

/**
 * A job cannot be settled as it is: its data are refused by a type (22), a constraint (23) or a function's own check
 * (P0001). Another attempt may help only after somebody has mended the cause, so attempts are counted.
 */
export function isDataError(error: unknown): boolean {
  return /^(?:22|23|P0001)/.test(sqlState(error))
}

/** Two transactions got in each other's way: deadlock or serialization failure. The same work can be done again at once. */
export function isConflict(error: unknown): boolean {
  return /^40(?:001|P01)/.test(sqlState(error))
}

/**
 * Nobody's job is to blame: a conflict, a lock that another transaction held too long, a lost connection, or a database
 * that is away or out of resources.
 */
export function isTransient(error: unknown): boolean {
  return isConflict(error) || /^(?:08|53|55P03|57P|25P0)/.test(sqlState(error)) || !/^[0-9A-Z]{5}$/.test(sqlState(error))
}

/** What the database said, without the statement that Knex puts before it, and with the SQLSTATE: for last_error. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error))
    return String(error)
  const state = sqlState(error)
  return state ? `${error.message.replace(/^[\s\S]* - /, '')} (SQLSTATE ${state})` : error.message
}

function sqlState(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}
