import pg from 'pg'

/** What Knex hands to its client. */
export interface Statement {
  sql: string
  options?: { name?: string | undefined }
  response?: { command: string }
}

let generation = 0
let named = true

/** Stamped on each connection when it opens: one of an older generation holds plans that the database refuses. */
export function planGeneration(): number {
  return generation
}

/**
 * A named statement as it is to be sent. A later generation differs in its text: a pooler finds prepared statements by their
 * text, and would otherwise take the refused plan again.
 */
export function prepared<S extends Statement>(statement: S, connectionGeneration: number): S {
  if (!isNamed(statement))
    return statement
  if (!named)
    return withoutName(statement)
  return connectionGeneration === 0 ? statement : { ...statement, sql: `${statement.sql} /* plan ${connectionGeneration} */` }
}

export function isNamed(statement: Statement): boolean {
  return statement.options?.name !== undefined
}

export function withoutName<S extends Statement>(statement: S): S {
  return { ...statement, options: { ...statement.options, name: undefined } }
}

/**
 * Whether a statement failed before it ran, for its plan's sake. What follows is prepared anew.
 *
 * - DDL changed the columns that a prepared statement returns: 0A000. Postgres has no code of its own for that, so the
 *   name of its function tells; the message is translated.
 * - The statement is unknown (26000), or another one has its name (42P05): a pooler that knows nothing of prepared
 *   statements changed the server connection. From now on statements have no names.
 */
export function refusesPlan(error: unknown, connectionGeneration: number): boolean {
  if (!(error instanceof pg.DatabaseError))
    return false
  if (error.code === '26000' || error.code === '42P05')
    named = false
  else if (error.code !== '0A000' || error.routine !== 'RevalidateCachedQuery')
    return false
  generation = Math.max(generation, connectionGeneration + 1)
  return true
}
