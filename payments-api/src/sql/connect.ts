import type { Knex } from 'knex'
import type { Logger } from 'pino'
import knex from 'knex'
import { exactTimes } from './exact-times.ts'
import { limitSilence } from './limit-silence.ts'
import { PatientClient } from './patient-client.ts'

const IDLE_TIMEOUT_MS = 8_000

/** A pool of at most `max` connections. They are opened when first needed, so this does not fail; queries do. */
export function connect(databaseUrl: string, max: number, name: string, log: Logger): Knex {
  return knex({
    client: PatientClient,
    compileSqlOnError: false, // errors are logged: without the values of the statement, which are the payers' data
    connection: {
      connectionString: databaseUrl,
      application_name: name,
      types: exactTimes,
      keepAlive: true,
    },
    pool: {
      min: 0,
      max,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      propagateCreateError: true,
      afterCreate: limitSilence(databaseUrl),
    },
    log: {
      warn: message => log.warn(message),
      error: message => log.error(message),
      deprecate: () => {},
      debug: () => {},
    },
  })
}
