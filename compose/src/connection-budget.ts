import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The settings of Postgres, shared by the container and the embedded Postgres. */
export const postgresConf = join(import.meta.dirname, '../postgres/postgresql.conf')

/** The most processes of each service, and the most Postgres connections that one process holds. */
export const APIS = { max: 4, connections: 14 } // 6 read, 2 write, 2 open accounts, 1 listens; briefly 3 more, to probe an unresponsive database
export const WORKERS = { max: 16, connections: 4 } // 2 settle, 1 for the heartbeat and readiness, 1 listens
/** Connections of payments_reader: audits, load, and people with psql. Its role has this limit. */
export const READER_CONNECTIONS = 8
/** Connections of payments_prover: one check of the invariants at a time, whichever API process runs it. Its role has this limit. */
export const PROVER_CONNECTIONS = 1
/** Connections of migrations and of the superuser, for the harness, the tests and the health check. */
const HARNESS_CONNECTIONS = 4
/** Reserved for superusers: superuser_reserved_connections. */
const SUPERUSER_RESERVED = 3

/** The most connections in use at once with this many APIs and workers. A rolling update starts an API before it stops one. */
export function connectionsNeeded(apis: number, workers: number): number {
  return (apis + 1) * APIS.connections + workers * WORKERS.connections + READER_CONNECTIONS + PROVER_CONNECTIONS + HARNESS_CONNECTIONS + SUPERUSER_RESERVED
}

/** Reads a setting of postgresql.conf as text. */
export function postgresSetting(name: string): string {
  const [, value] = new RegExp(`^${name} = '?([^'#\\n]*?)'?\\s*(?:#.*)?$`, 'm').exec(readFileSync(postgresConf, 'utf8')) ?? []
  if (value === undefined)
    throw new Error(`${postgresConf} does not set ${name}.`)
  return value
}
