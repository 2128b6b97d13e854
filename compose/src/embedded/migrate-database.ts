import type { Setting } from './part-specs.ts'
import type { RunOnce } from './run-to-end.ts'
import { allowParts, ensureDatabase } from '../data/logins.ts'
import { migrations } from './part-specs.ts'

const TIMEOUT_MS = 120_000

/** Brings the database of a running Postgres up to date: the database, its schema and its logins. */
export async function migrateDatabase(setting: Setting, runOnce: RunOnce): Promise<void> {
  const { desired: { ports }, passwords } = setting
  await ensureDatabase(ports.postgres, passwords)
  await runOnce(migrations(setting), TIMEOUT_MS)
  await allowParts(ports.postgres, passwords)
}
