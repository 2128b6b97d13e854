import type { Statement } from './prepared-statements.ts'
import PostgresClient from 'knex/lib/dialects/postgres/index.js'
import pg from 'pg'
import { Connection } from './connection.ts'
import { DatabaseUnavailableError, LostConnectionError, UnconfirmedError } from './database-errors.ts'
import { inTurns } from './in-turns.ts'
import { isNamed, planGeneration, prepared, refusesPlan, withoutName } from './prepared-statements.ts'

/** How long a request waits for a connection, a new one or one from the pool, before it gets 503. */
const ACQUIRE_TIMEOUT_MS = 1_500
const QUERY_CANCELED = '57014'
const READ_ONLY_TRANSACTION = '25006'

/** Knex's, from the package tarn. */
interface Pool { acquire: () => { promise: Promise<unknown>, reject: (error: Error) => void } }

class PooledConnection extends Connection {
  readonly generation = planGeneration()
  /** Whether the last statement's commit may be on no synchronous standby. */
  unconfirmed = false

  constructor(config: pg.ClientConfig) {
    super(config)
    // Postgres reports success with this warning when the wait is canceled. Its text is translated, the routine is not.
    this.on('notice', ({ routine }) => {
      if (routine === 'SyncRepWaitForLSN')
        this.unconfirmed = true
    })
  }
}

/**
 * Knex's client for Postgres. A connection goes back to work only when it is idle and its prepared statements are good:
 * any other is closed and replaced. Its time limits count turns of the event loop, not plain time: pg's and the pool's own
 * are timers, which a flooded process reaches before it reads what the database has sent.
 */
export class PatientClient extends PostgresClient {
  override _driver(): object {
    return { ...pg, Client: PooledConnection }
  }

  /** @throws {DatabaseUnavailableError} whatever the cause, which may be anything that a server says to a new client */
  override async acquireConnection(): Promise<unknown> {
    const waiting = (this.pool as Pool).acquire()
    const limit = inTurns(ACQUIRE_TIMEOUT_MS, () => waiting.reject(new Error('timeout expired: every connection is taken')))
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
   * Runs a statement. A failure is reported when the server is ready again, so that the state of its transaction is known.
   * @throws {LostConnectionError} when the connection broke
   * @throws {UnconfirmedError} when the statement has committed, but its wait for a synchronous standby was canceled
   */
  override async _query(connection: PooledConnection, statement: Statement): Promise<Statement> {
    if (statement.sql === 'ROLLBACK' && connection.__knex__disposed !== undefined)
      return statement // done by closing the connection; the caller gets the error that led here
    connection.unconfirmed = false
    try {
      const done: Statement = await super._query(connection, prepared(statement, connection.generation)) as Statement
      if (/^commit\b/i.test(statement.sql) && done.response?.command === 'ROLLBACK')
        throw new DatabaseUnavailableError('the transaction was aborted: the database answered COMMIT with ROLLBACK')
      if (connection.unconfirmed)
        throw new UnconfirmedError()
      return done
    }
    catch (error) {
      await connection.untilReady()
      if (isNamed(statement) && refusesPlan(error, connection.generation) && connection.isIdle())
        return await this._query(connection, withoutName(statement)) // it has not run, and no transaction was lost
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
 * After a failed BEGIN, COMMIT or ROLLBACK the state of the session is anyone's guess. One that was canceled may have a
 * timeout that is corrected by now: a session keeps the settings that it began with. A read-only one is a standby's.
 */
function endsConnection({ sql }: Statement, error: unknown): boolean {
  return /^(?:begin|commit|rollback)\b(?! to\b)/i.test(sql)
    || (error instanceof pg.DatabaseError && (error.code === QUERY_CANCELED || error.code === READ_ONLY_TRANSACTION))
}
