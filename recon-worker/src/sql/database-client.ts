import type { Statement } from './prepared-statements.ts'
import PostgresClient from 'knex/lib/dialects/postgres/index.js'
import pg from 'pg'
import { Connection } from './connection.ts'
import { DatabaseUnavailableError } from './database-unavailable.ts'
import { isNamed, planGeneration, prepared, refusesPlan, withoutName } from './prepared-statements.ts'

const QUERY_CANCELED = '57014'
const READ_ONLY_TRANSACTION = '25006'

/** Uses the code of a serialization failure, because the transaction can be retried at once in the same way, on another connection. */
class StalePlanError extends pg.DatabaseError {
  override readonly code = '40001'

  constructor(cause: unknown) {
    super('the database refused a stale prepared statement and aborted its transaction', 0, 'error')
    this.cause = cause
  }
}

class PooledConnection extends Connection {
  readonly generation = planGeneration()
}

/**
 * Knex's client for Postgres. It reuses a connection only while the connection is idle and its prepared statements are valid;
 * otherwise it closes and replaces the connection.
 */
export class DatabaseClient extends PostgresClient {
  override _driver(): object {
    return { ...pg, Client: PooledConnection }
  }

  override async validateConnection(connection: PooledConnection): Promise<boolean> {
    return connection.isIdle() && connection.generation === planGeneration()
  }

  /**
   * Runs a statement. Rejects only once the server is ready again, so that the state of the transaction is known.
   * @throws {DatabaseUnavailableError} when the connection broke
   */
  override async _query(connection: PooledConnection, statement: Statement): Promise<Statement> {
    if (/^rollback\b/i.test(statement.sql) && connection.__knex__disposed !== undefined)
      return statement // closing the connection has rolled back; the caller gets the original error
    try {
      const done: Statement = await super._query(connection, prepared(statement, connection.generation)) as Statement
      if (/^commit\b/i.test(statement.sql) && done.response?.command === 'ROLLBACK')
        throw new DatabaseUnavailableError('the transaction was rolled back: the database responded to COMMIT with ROLLBACK')
      return done
    }
    catch (error) {
      await connection.untilReady()
      if (isNamed(statement) && refusesPlan(error, connection.generation)) {
        if (connection.isIdle())
          return await this._query(connection, withoutName(statement)) // the statement has not run, and no transaction was open
        throw new StalePlanError(error)
      }
      const broken = connection.__knex__disposed !== undefined && !(error instanceof pg.DatabaseError) && !(error instanceof DatabaseUnavailableError)
      if (endsConnection(statement, error))
        connection.discard(error)
      if (statement.sql === 'ROLLBACK')
        return statement
      throw broken ? new DatabaseUnavailableError(`the connection to the database broke: ${String(error)}`, { cause: error }) : error
    }
  }
}

/**
 * Returns whether the connection must be closed after this error:
 *
 * - After a failed BEGIN, COMMIT or ROLLBACK the state of the session is unknown.
 * - A statement may be canceled by a timeout that an operator has since corrected, but a session keeps its first settings.
 * - A read-only session may belong to a standby.
 */
function endsConnection({ sql }: Statement, error: unknown): boolean {
  return /^(?:begin|commit|rollback)\b(?! to\b)/i.test(sql)
    || (error instanceof pg.DatabaseError && (error.code === QUERY_CANCELED || error.code === READ_ONLY_TRANSACTION))
}
