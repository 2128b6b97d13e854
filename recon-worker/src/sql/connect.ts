import type { Knex } from 'knex'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import knex from 'knex'
import { DatabaseClient } from './database-client.ts'

const ACQUIRE_TIMEOUT_MS = 5_000
/**
 * A connection that receives nothing for this long is closed, in case the network drops packets. This is longer than the role's
 * statement_timeout of 3.5 s. The pool closes idle connections earlier.
 */
const SILENCE_TIMEOUT_MS = 12_000
const IDLE_TIMEOUT_MS = 8_000

/** Opens a pool with one connection per batch in flight and one for the heartbeat and readiness checks. It connects when first used. */
export function connect(databaseUrl: string, log: Logger, batchesInFlight = 2): Knex {
  return knex({
    client: DatabaseClient,
    compileSqlOnError: false, // errors are logged, and must not contain the payers' data that is bound to the statement
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

/** pg's query_timeout would fail the query but leave the dead connection in the pool. */
function limitSilence(client: { connection: { stream: Socket } }, done: (error: null, client: unknown) => void): void {
  const { stream } = client.connection
  stream.setTimeout(SILENCE_TIMEOUT_MS, () => stream.destroy(new Error('Connection terminated: the server sent nothing in time')))
  done(null, client)
}
