import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { migrationNames, MIGRATIONS_DIR } from '../src/sql/migrate.ts'

const HEADER = `-- The schema of the payments database: payments-api/migrations, one after the other.
-- Written by \`npm run schema\` in payments-api; a test there fails when it is out of date.
`

/** The committed schema. The contracts are in the folder next to this service, or where CONTRACTS_DIR says. */
export const SCHEMA_PATH = join(process.env.CONTRACTS_DIR ?? join(import.meta.dirname, '../../contracts'), 'schema.sql')

/** All migrations as one file. */
export async function schemaSql(): Promise<string> {
  const parts = (await migrationNames()).map(async name => `\n-- ${name}\n\n${await readFile(new URL(name, MIGRATIONS_DIR), 'utf8')}`)
  return HEADER + (await Promise.all(parts)).join('')
}

if (import.meta.main)
  await writeFile(SCHEMA_PATH, await schemaSql())
