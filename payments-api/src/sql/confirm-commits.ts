import type { Knex } from 'knex'
import { UnconfirmedError } from './database-errors.ts'

/**
 * Waits until all commits seen so far are on the synchronous standbys. A commit whose wait for them broke off is visible
 * here, and is lost if a standby takes over. An empty message in the WAL waits like any commit, for all before it too.
 * Without synchronous standbys this writes nothing.
 * @throws {UnconfirmedError} when the wait broke off
 */
export async function confirmCommits(db: Knex): Promise<void> {
  try {
    await db.raw(`
      select pg_logical_emit_message(true, 'payments', '')
       where current_setting('synchronous_standby_names') <> ''`).options({ name: 'confirm-commits' })
  }
  catch (error) {
    throw new UnconfirmedError({ cause: error })
  }
}
