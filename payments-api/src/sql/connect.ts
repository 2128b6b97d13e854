import type { Knex } from 'knex'
import type { Logger } from 'pino'
import knex from 'knex'
import { exactTimes } from './exact-times.ts'
import { limitSilence } from './limit-silence.ts'
import { PatientClient } from './patient-client.ts'

const IDLE_TIMEOUT_MS = 8_000

/** A pool of at most `max` connections. It opens them on first use, so queries fail and not this call. */
export function connect(databaseUrl: string, max: number, name: string, log: Logger): Knex {
  return knex({
    client: PatientClient,
    compileSqlOnError: false, // keeps the statement's values, which are the payers' data, out of logged errors
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
