import type { TestDatabase } from './database.ts'

/** How many of the workers' connections wait for a lock that somebody else holds. */
export async function lockWaits(database: TestDatabase): Promise<number> {
  return (await database.sql(`
    select from pg_stat_activity
     where application_name = 'recon-worker' and wait_event_type = 'Lock' and datname = current_database()`)).length
}
