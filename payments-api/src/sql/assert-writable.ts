import type { Knex } from 'knex'
import { DatabaseUnavailableError } from './database-errors.ts'

/**
 * For readiness. A connection is checked when it opens, but its database may have become read-only since.
 * @throws {DatabaseUnavailableError} for a standby or a read-only database
 */
export async function assertWritable(db: Knex): Promise<void> {
  const { rows: [row] } = await db.raw<{ rows: { readOnly: boolean }[] }>(`select current_setting('transaction_read_only') = 'on' as "readOnly"`)
  if (row?.readOnly)
    throw new DatabaseUnavailableError('the database is read-only, or a standby')
}
