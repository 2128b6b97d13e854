import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The settings of Postgres, used by the container and by the plain process. */
export const postgresConf = join(import.meta.dirname, '../postgres/postgresql.conf')

/** How many processes of each service may run, and the most connections to Postgres that one of them holds. */
export const APIS = { most: 4, connections: 14 } // 6 read, 2 write, 2 open accounts, 1 listens; 3 more briefly, to probe a silent database
export const WORKERS = { most: 16, connections: 4 } // 2 settle, 1 for the heartbeat and readiness, 1 listens
/** Connections of payments_reader: audits, load, and people with psql. Its role has this limit. */
export const READER_CONNECTIONS = 8
/** Connections of migrations and of the superuser, for the harness, the tests and the health check. */
const HARNESS_CONNECTIONS = 4
/** Kept for a superuser when all others are taken: superuser_reserved_connections. */
const SUPERUSER_RESERVED = 3

/** The most connections in use at once with so many APIs and workers. An update starts an API before it stops one. */
export function connectionsNeeded(apis: number, workers: number): number {
  return (apis + 1) * APIS.connections + workers * WORKERS.connections + READER_CONNECTIONS + HARNESS_CONNECTIONS + SUPERUSER_RESERVED
}

/** Reads a setting of postgresql.conf as text. */
export function postgresSetting(name: string): string {
  const [, value] = new RegExp(`^${name} = '?([^'#\\n]*?)'?\\s*(?:#.*)?$`, 'm').exec(readFileSync(postgresConf, 'utf8')) ?? []
  if (value === undefined)
    throw new Error(`${postgresConf} does not set ${name}`)
  return value
}
