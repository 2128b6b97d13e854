import type { Knex } from 'knex'
import type { Logger } from 'pino'
import knex from 'knex'
import { limitSilence } from './limit-silence.ts'

/** How long a connection may take to be opened. */
const CONNECT_TIMEOUT_MS = 1_500
/** How long a request waits for a connection, a new one or one of the pool, before it answers 503. */
const ACQUIRE_TIMEOUT_MS = 1_500
const IDLE_TIMEOUT_MS = 8_000

/** A pool of at most `max` connections. They are opened when first needed, so this does not fail; queries do. */
export function connect(databaseUrl: string, max: number, name: string, log: Logger): Knex {
  return knex({
    client: 'pg',
    compileSqlOnError: false, // errors are logged: without the values of the statement, which are the payers' data
    connection: {
      connectionString: databaseUrl,
      application_name: name,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
    },
    pool: {
      min: 0,
      max,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      propagateCreateError: true,
      afterCreate: limitSilence(databaseUrl),
    },
    acquireConnectionTimeout: ACQUIRE_TIMEOUT_MS,
    log: {
      warn: message => log.warn(message),
      error: message => log.error(message),
      deprecate: () => {},
      debug: () => {},
    },
  })
}
