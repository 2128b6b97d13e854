import pg from 'pg'

/** A statement as Knex passes it to its client. */
export interface Statement {
  sql: string
  options?: { name?: string | undefined }
  response?: { command: string }
}

let generation = 0
let named = true

/** Stored with each connection when it opens: a connection of an older generation holds plans that the database refuses. */
export function planGeneration(): number {
  return generation
}

/**
 * A named statement as it is sent. Each generation has another text, because a pooler finds prepared statements by their text
 * and would otherwise reuse the refused plan.
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
 * Whether a statement failed before it ran because its plan was refused. Later statements are prepared again.
 *
 * - 0A000: DDL changed the columns that a prepared statement returns. Other errors share this code and the message is
 *   translated, so the name of the function in Postgres decides.
 * - 26000 (unknown statement) or 42P05 (its name is taken): a pooler that does not track prepared statements changed the
 *   server connection. From now on statements are sent without names.
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
