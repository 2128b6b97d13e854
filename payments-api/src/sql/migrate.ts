import type { Knex } from 'knex'
import { readdir, readFile } from 'node:fs/promises'
import knex from 'knex'
import pg from 'pg'

export const MIGRATIONS_DIR = new URL('../../migrations/', import.meta.url)

/** An arbitrary key for the advisory lock that lets one migrator at a time run on a database. */
const MIGRATION_LOCK = 7_261_001
const LOCK_WAIT_MS = 60_000

/** The names of the migrations, in order. */
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
 * Brings the schema up to date with plain SQL files, forward only, each in its own transaction. Returns the names of the
 * migrations that it ran. Several migrators may start at once; they wait for each other.
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  // Knex sets a lock row while it migrates, and a killed migrator leaves it set. An advisory lock ends with its session, so its
  // holder can safely clear the row.
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
