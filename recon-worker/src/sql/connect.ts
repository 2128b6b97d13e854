import type { Knex } from 'knex'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import knex from 'knex'
import { DatabaseClient } from './database-client.ts'

const ACQUIRE_TIMEOUT_MS = 5_000
/**
 * A connection that is silent for this long is closed, in case the network swallows packets. It is longer than the role's
 * statement_timeout of 10 s. Idle connections leave the pool earlier.
 */
const SILENCE_TIMEOUT_MS = 12_000
const IDLE_TIMEOUT_MS = 8_000

/** One connection for each batch in flight and one for the heartbeat and readiness, opened when first needed. */
export function connect(databaseUrl: string, log: Logger, batchesInFlight = 2): Knex {
  return knex({
    client: DatabaseClient,
    compileSqlOnError: false, // errors are logged: without the values of the statement, which are the payers' data
    connection: {
      connectionString: databaseUrl,
      application_name: 'recon-worker',
      keepAlive: true,
    },
    pool: {
      min: 0,
      max: batchesInFlight + 1,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      propagateCreateError: true,
      afterCreate: limitSilence,
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

/** pg's own query_timeout would fail the query and leave the dead connection in the pool. */
function limitSilence(client: { connection: { stream: Socket } }, done: (error: null, client: unknown) => void): void {
  const { stream } = client.connection
  stream.setTimeout(SILENCE_TIMEOUT_MS, () => stream.destroy(new Error('Connection terminated: no answer')))
  done(null, client)
}
