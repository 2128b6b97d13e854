import type { TestDatabase } from './database.ts'
import { readFile } from 'node:fs/promises'
import { MIGRATIONS_DIR } from '../../src/sql/migrate.ts'

/** Runs the migrations that give our roles their settings again: a copy of a database does not have them. */
export async function migrateSettings(database: TestDatabase): Promise<void> {
  for (const file of ['0012_session_settings.sql', '0022_no_exit_on_error.sql'])
    await database.sql(await readFile(new URL(file, MIGRATIONS_DIR), 'utf8'))
}
