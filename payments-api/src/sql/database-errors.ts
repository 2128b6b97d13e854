/**
 * Which failures of the database mean what. SQLSTATE classes: https://www.postgresql.org/docs/18/errcodes-appendix.html
 */

/** Nothing comes from the database, by an open connection or by a new one: no use in trying again at once. */
export class SilentDatabaseError extends Error {}

/** A row was refused for what it holds: data exception (22) or constraint violation (23). Trying again cannot help. */
export function isRefusedRow(error: unknown): boolean {
  return /^2[23]/.test(sqlState(error))
}

/** Another transaction held what was waited for beyond the role's lock_timeout. */
export function isLockTimeout(error: unknown): boolean {
  return sqlState(error) === '55P03'
}

/** The connection broke with a statement under way, which may have been committed or not. */
export function isLostConnection(error: unknown): boolean {
  return /^(?:08|57P01|57P02)/.test(sqlState(error))
    || ['ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(sqlState(error))
    || (error instanceof Error && /Connection terminated|Connection ended/.test(error.message))
}

/** The database cannot be reached, does not accept connections, or gave no answer in time: it may well later. */
export function isUnavailable(error: unknown): boolean {
  return isLostConnection(error)
    || error instanceof SilentDatabaseError
    || /^(?:57|53|55P03|25P0)/.test(sqlState(error))
    || [
      'ECONNREFUSED',
      'ENOTFOUND',
      'EAI_AGAIN',
      'EHOSTUNREACH',
      'ENETUNREACH',
    ].includes(sqlState(error))
    || (error instanceof Error && /timeout expired|Query read timeout|timeout exceeded/i.test(error.message))
}

function sqlState(error: unknown): string {
  if (error instanceof AggregateError) // what connecting to a name with several addresses fails with
    return sqlState(error.errors[0])
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}
