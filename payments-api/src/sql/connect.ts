import type { Knex } from 'knex'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import knex from 'knex'

/** How long a request waits for a connection, a new one or one of the pool, before it answers 503. */
const CONNECT_TIMEOUT_MS = 1_500
/**
 * A connection that is silent for this long is closed: behind the role's statement_timeout of 10 s, for a network that
 * swallows what is sent. Idle connections leave the pool before that.
 */
const SILENCE_TIMEOUT_MS = 12_000
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
      afterCreate: limitSilence,
    },
    acquireConnectionTimeout: CONNECT_TIMEOUT_MS,
    log: {
      warn: message => log.warn(message),
      error: message => log.error(message),
      deprecate: () => {},
      debug: () => {},
    },
  })
}

/** pg's own query_timeout would fail the query and leave the dead connection in the pool. */
function limitSilence(client: { connection: { stream: Socket } }, done: (error: null, client: unknown) => void): void {
  const { stream } = client.connection
  stream.setTimeout(SILENCE_TIMEOUT_MS, () => stream.destroy(new Error('Connection terminated: no answer')))
  done(null, client)
}
