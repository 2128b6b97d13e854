/** The cause of a database error, which decides the response. */
export type Cause
  /** The values of a row: 500. A retry cannot help, and our own checks should have refused the row. */
  = 'row'
  /** The state of the database (an outage, its load, its settings), which may pass or be fixed: 503 with Retry-After. */
    | 'state'
    /** Our own statements, or a schema or grants that do not match them: 500. */
    | 'ours'

/**
 * Every SQLSTATE class of Postgres 18 (https://www.postgresql.org/docs/18/errcodes-appendix.html), and the codes that differ
 * from their class. docs/database-errors.md gives the reasons.
 */
export const CAUSES: Readonly<Record<string, Cause>> = {
  '00': 'ours', // successful completion
  '01': 'ours', // warning
  '02': 'ours', // no data
  '03': 'ours', // SQL statement not yet complete
  '08': 'state', // connection exception
  '09': 'ours', // triggered action exception
  '0A': 'state', // feature not supported: DDL made a plan stale, or a standby cannot do it
  '0B': 'ours', // invalid transaction initiation
  '0F': 'ours', // locator exception
  '0L': 'state', // invalid grantor
  '0P': 'state', // invalid role specification
  '0Z': 'ours', // diagnostics exception
  '10': 'ours', // XQuery error
  '20': 'ours', // case not found
  '21': 'ours', // cardinality violation
  '22': 'row', // data exception
  '23': 'row', // integrity constraint violation
  '24': 'ours', // invalid cursor state
  '25': 'state', // invalid transaction state: read-only, aborted, timed out
  '26': 'state', // invalid SQL statement name: a pooler or an operator dropped it
  '27': 'ours', // triggered data change violation
  '28': 'state', // invalid authorization specification
  '2B': 'ours', // dependent privilege descriptors still exist
  '2D': 'ours', // invalid transaction termination
  '2F': 'ours', // SQL routine exception
  '34': 'ours', // invalid cursor name
  '38': 'ours', // external routine exception
  '39': 'ours', // external routine invocation exception
  '3B': 'ours', // savepoint exception
  '3D': 'state', // invalid catalog name: the database is gone or renamed
  '3F': 'ours', // invalid schema name: as 42
  '40': 'state', // transaction rollback
  '42': 'ours', // syntax error or access rule violation: our statements, migrations and grants disagree
  '42P05': 'state', // duplicate prepared statement: a pooler changed the server connection
  '44': 'ours', // WITH CHECK OPTION violation
  '53': 'state', // insufficient resources
  '54': 'ours', // program limit exceeded
  '55': 'state', // object not in prerequisite state
  '57': 'state', // operator intervention
  '58': 'state', // system error
  'F0': 'state', // configuration file error
  'HV': 'state', // foreign data wrapper error
  'P0': 'ours', // PL/pgSQL error: our functions raise it
  'XX': 'state', // internal error, corrupted data or index
}

export function causeOf(sqlState: string): Cause {
  return CAUSES[sqlState] ?? CAUSES[sqlState.slice(0, 2)] ?? 'ours'
}
