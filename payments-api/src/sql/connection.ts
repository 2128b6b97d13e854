import pg from 'pg'
import { openSession } from './session.ts'
import { stallTolerantTimeout } from './stall-tolerant-timeout.ts'

/** Longest time to open a connection, including its session. */
const CONNECT_TIMEOUT_MS = 1_500

/** A connection to a writable database, in a session with the settings that our statements rely on. */
export class Connection extends pg.Client {
  /** Set by pg: no statement is running. */
  declare readonly readyForQuery: boolean
  /** Read by Knex: why this connection must not be used again. Knex also sets it when the connection breaks. */
  declare __knex__disposed?: unknown

  /** Rejects after CONNECT_TIMEOUT_MS. A busy process that reads late does not time out. */
  override async connect(): Promise<pg.Client> {
    const { stream } = this.connection
    const limit = stallTolerantTimeout(CONNECT_TIMEOUT_MS, () => stream.destroy(new Error('timeout expired: the connection was not opened')))
    try {
      await super.connect()
      await openSession(this)
      return this
    }
    catch (error) {
      this.discard(error)
      throw error
    }
    finally {
      limit.stop()
    }
  }

  /** Whether the connection is idle: no statement is running and no transaction is open, aborted or not. */
  isIdle(): boolean {
    return this.readyForQuery && this.getTransactionStatus() === 'I'
  }

  /** Resolves once the server is ready again after a statement that failed, or the connection has ended. */
  async untilReady(): Promise<void> {
    if (this.readyForQuery || this.__knex__disposed !== undefined)
      return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.off('drain', done).off('end', done)
        resolve()
      }
      this.on('drain', done).on('end', done)
    })
  }

  /** Closes the connection. The server rolls back an open transaction. */
  discard(reason: unknown): void {
    this.__knex__disposed = reason
    void this.end().catch(() => {})
  }
}
