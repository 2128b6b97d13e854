import pg from 'pg'
import { openSession } from './session.ts'

/** Longest time to open a connection and set up its session. */
const CONNECT_TIMEOUT_MS = 5_000

/** A connection to a writable database, in a session with the settings that our statements rely on. */
export class Connection extends pg.Client {
  /** Set by pg: true while no statement is running. */
  declare readonly readyForQuery: boolean
  /** Why this connection must not be reused. Knex reads it, and sets it when the connection breaks. */
  declare __knex__disposed?: unknown

  override async connect(): Promise<pg.Client> {
    const { stream } = this.connection
    const limit = setTimeout(() => stream.destroy(new Error('timeout expired while opening a connection')), CONNECT_TIMEOUT_MS)
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
      clearTimeout(limit)
    }
  }

  /** Returns true if no statement is running and no transaction is open, not even an aborted one. */
  isIdle(): boolean {
    return this.readyForQuery && this.getTransactionStatus() === 'I'
  }

  /** Resolves once the server is ready again after a failed statement, or the connection has ended. */
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
