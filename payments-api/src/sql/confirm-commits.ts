import type { Knex } from 'knex'
import { UnconfirmedError } from './database-errors.ts'
import { DURABLE_COMMIT } from './session.ts'

/**
 * Waits until the synchronous standbys have all commits seen so far. A commit whose wait was interrupted is visible here, but
 * lost if a standby takes over. An empty WAL message waits like a commit, and so for all earlier commits. Without synchronous
 * standbys nothing is written.
 * @throws {UnconfirmedError} when the wait was interrupted
 */
export async function confirmCommits(db: Knex): Promise<void> {
  try {
    await db.raw(`
      select pg_logical_emit_message(true, 'payments', ''), ${DURABLE_COMMIT}
       where current_setting('synchronous_standby_names') <> ''`).options({ name: 'confirm-commits' })
  }
  catch (error) {
    throw new UnconfirmedError({ cause: error })
  }
}
