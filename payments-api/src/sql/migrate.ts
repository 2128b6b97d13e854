import type { Knex } from 'knex'
import { readdir, readFile } from 'node:fs/promises'
import knex from 'knex'
import pg from 'pg'

export const MIGRATIONS_DIR = new URL('../../migrations/', import.meta.url)

/** Any fixed number: it names the lock that one migrator of a database holds. */
const MIGRATION_LOCK = 7_261_001
const LOCK_WAIT_MS = 60_000

/** The names of the migrations, in their order. */
export async function migrationNames(): Promise<string[]> {
  const files = await readdir(MIGRATIONS_DIR)
  return files.filter(file => file.endsWith('.sql')).sort()
}

const sqlFiles: Knex.MigrationSource<string> = {
  getMigrations: migrationNames,
  getMigrationName: name => name,
  getMigration: async (name) => {
    const sql = await readFile(new URL(name, MIGRATIONS_DIR), 'utf8')
    return {
      up: trx => trx.raw(sql),
      down: () => Promise.reject(new Error('migrations only go forward')),
    }
  },
}

/**
 * Brings the schema up to date: plain SQL files, forward only, each in a transaction of its own.
 * Answers the names of those that were run. Several migrators may start at once; they wait for each other.
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  // Knex marks a row while it migrates, and a migrator that is killed leaves it marked. A lock of a session does not
  // outlive its process: who holds it may free the row.
  const session = new pg.Client({ connectionString: databaseUrl, application_name: 'payments-api migrate', connectionTimeoutMillis: 10_000 })
  await session.connect()
  const db = knex({
    client: 'pg',
    connection: databaseUrl,
    pool: { min: 0, max: 2 },
  })
  try {
    await session.query(`set lock_timeout = ${LOCK_WAIT_MS}`)
    await session.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
    const options = { migrationSource: sqlFiles, tableName: 'schema_migrations' }
    await db.migrate.forceFreeMigrationsLock(options)
    const [, names] = await db.migrate.latest(options) as [number, string[]]
    return names
  }
  finally {
    await db.destroy()
    await session.end()
  }
}
