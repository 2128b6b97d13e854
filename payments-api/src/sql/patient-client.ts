import type { Socket } from 'node:net'
import PostgresClient from 'knex/lib/dialects/postgres/index.js'
import pg from 'pg'
import { inTurns } from './in-turns.ts'

/** How long a connection may take to be opened. */
const CONNECT_TIMEOUT_MS = 1_500
/** How long a request waits for a connection, a new one or one of the pool, before it answers 503. */
const ACQUIRE_TIMEOUT_MS = 1_500

/** Knex's, from the package tarn. */
interface Pool { acquire: () => { promise: Promise<unknown>, reject: (error: Error) => void } }

/**
 * Knex's client for Postgres, with two limits of time that a busy process does not run into: neither is a connection that
 * is open already taken for one that cannot be had. Those of pg and of the pool are plain timers, and a process that is
 * flooded gets to them before it gets to what the database has sent.
 */
export class PatientClient extends PostgresClient {
  override _driver(): object {
    return { ...pg, Client: PatientConnection }
  }

  override async acquireConnection(): Promise<unknown> {
    const waiting = (this.pool as Pool).acquire()
    const limit = inTurns(ACQUIRE_TIMEOUT_MS, () => waiting.reject(new Error('timeout expired: every connection is taken')))
    return waiting.promise.finally(limit.stop)
  }
}

class PatientConnection extends pg.Client {
  override async connect(): Promise<pg.Client> {
    const { stream } = (this as unknown as { connection: { stream: Socket } }).connection
    const limit = inTurns(CONNECT_TIMEOUT_MS, () => stream.destroy(new Error('timeout expired: the connection was not opened')))
    return super.connect().finally(limit.stop)
  }
}
