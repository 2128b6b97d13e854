import type { Statement } from './prepared-statements.ts'
import PostgresClient from 'knex/lib/dialects/postgres/index.js'
import pg from 'pg'
import { Connection } from './connection.ts'
import { DatabaseUnavailableError, LostConnectionError, UnconfirmedError } from './database-errors.ts'
import { isNamed, planGeneration, prepared, refusesPlan, withoutName } from './prepared-statements.ts'
import { stallTolerantTimeout } from './stall-tolerant-timeout.ts'

/** How long a request waits for a connection, new or from the pool, before it gets 503. */
const ACQUIRE_TIMEOUT_MS = 1_500
const QUERY_CANCELED = '57014'
const READ_ONLY_TRANSACTION = '25006'

/** Knex's pool, from the package tarn. */
interface Pool { acquire: () => { promise: Promise<unknown>, reject: (error: Error) => void } }

class PooledConnection extends Connection {
  readonly generation = planGeneration()
  /** Whether no synchronous standby confirmed the last statement's commit. */
  unconfirmed = false

  constructor(config: pg.ClientConfig) {
    super(config)
    // When the wait is canceled, Postgres reports success with this warning. Its text is translated, its routine is not.
    this.on('notice', ({ routine }) => {
      if (routine === 'SyncRepWaitForLSN')
        this.unconfirmed = true
    })
  }
}

/**
 * Knex's client for Postgres. It reuses a connection only if the connection is idle and its prepared statements are valid;
 * otherwise it closes and replaces the connection. Its time limits tolerate a stalled event loop: in an overloaded process,
 * plain timers (as in pg and the pool) fire before the process reads what the database has sent.
 */
export class PatientClient extends PostgresClient {
  override _driver(): object {
    return { ...pg, Client: PooledConnection }
  }

  /** @throws {DatabaseUnavailableError} for every cause: a server may refuse a new client with any error */
  override async acquireConnection(): Promise<unknown> {
    const waiting = (this.pool as Pool).acquire()
    const limit = stallTolerantTimeout(ACQUIRE_TIMEOUT_MS, () => waiting.reject(new Error('timeout expired: every connection is taken')))
    try {
      return await waiting.promise
    }
    catch (cause) {
      throw new DatabaseUnavailableError(`no connection to the database: ${String(cause)}`, { cause })
    }
    finally {
      limit.stop()
    }
  }

  override async validateConnection(connection: PooledConnection): Promise<boolean> {
    return connection.isIdle() && connection.generation === planGeneration()
  }

  /**
   * Runs a statement. Reports a failure once the server is ready again, so that the state of the transaction is known.
   * @throws {LostConnectionError} when the connection broke
   * @throws {UnconfirmedError} when the statement has committed, but its wait for a synchronous standby was canceled
   */
  override async _query(connection: PooledConnection, statement: Statement): Promise<Statement> {
    if (statement.sql === 'ROLLBACK' && connection.__knex__disposed !== undefined)
      return statement // closing the connection rolled back already; the caller gets the original error
    connection.unconfirmed = false
    try {
      const done: Statement = await super._query(connection, prepared(statement, connection.generation)) as Statement
      if (/^commit\b/i.test(statement.sql) && done.response?.command === 'ROLLBACK')
        throw new DatabaseUnavailableError('the transaction was aborted: the database responded to COMMIT with ROLLBACK')
      if (connection.unconfirmed)
        throw new UnconfirmedError()
      return done
    }
    catch (error) {
      await connection.untilReady()
      if (isNamed(statement) && refusesPlan(error, connection.generation) && connection.isIdle())
        return await this._query(connection, withoutName(statement)) // the statement has not run, and no transaction was lost
      const broken = connection.__knex__disposed !== undefined && !(error instanceof pg.DatabaseError) && !(error instanceof DatabaseUnavailableError)
      if (endsConnection(statement, error))
        connection.discard(error)
      if (statement.sql === 'ROLLBACK')
        return statement
      throw broken ? new LostConnectionError(`the connection to the database broke: ${String(error)}`, { cause: error }) : error
    }
  }
}

/**
 * Whether the connection must be closed after this error. After a failed BEGIN, COMMIT or ROLLBACK the session's state is
 * unknown. A canceled statement may come from a timeout that has been corrected since, but a session keeps the settings that
 * it began with. A read-only session may belong to a standby.
 */
function endsConnection({ sql }: Statement, error: unknown): boolean {
  return /^(?:begin|commit|rollback)\b(?! to\b)/i.test(sql)
    || (error instanceof pg.DatabaseError && (error.code === QUERY_CANCELED || error.code === READ_ONLY_TRANSACTION))
}
