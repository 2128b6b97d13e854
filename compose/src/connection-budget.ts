import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The settings of Postgres, the same for a container and for a process of this machine. */
export const postgresConf = join(import.meta.dirname, '../postgres/postgresql.conf')

/** How many may run, and the connections to Postgres that one of each holds at most. */
export const APIS = { most: 4, connections: 14 } // 6 read, 2 write, 2 open accounts, 1 listens; 3 more for a moment, to ask a silent database
export const WORKERS = { most: 16, connections: 4 } // 2 settle, 1 tells that the worker lives, 1 listens
/** Connections of payments_reader: audits, load, and people with psql. Its role has this limit. */
export const READER_CONNECTIONS = 8
/** Migrations, and the superuser of the harness, of tests and of the health check. */
const HARNESS_CONNECTIONS = 4
/** Kept for a superuser when all others are taken: superuser_reserved_connections. */
const SUPERUSER_RESERVED = 3

/** The connections that everything takes at once with so many APIs and workers; an update starts an API before it stops one. */
export function connectionsNeeded(apis: number, workers: number): number {
  return (apis + 1) * APIS.connections + workers * WORKERS.connections + READER_CONNECTIONS + HARNESS_CONNECTIONS + SUPERUSER_RESERVED
}

/** A setting of postgresql.conf, as it is written there. */
export function postgresSetting(name: string): string {
  const [, value] = new RegExp(`^${name} = '?([^'#\\n]*?)'?\\s*(?:#.*)?$`, 'm').exec(readFileSync(postgresConf, 'utf8')) ?? []
  if (value === undefined)
    throw new Error(`${postgresConf} does not set ${name}`)
  return value
}
