import type { TestDatabase } from './database.ts'

/** Returns the number of workers' connections that wait for a lock. */
export async function lockWaits(database: TestDatabase): Promise<number> {
  return (await database.sql(`
    select from pg_stat_activity
     where application_name = 'recon-worker' and wait_event_type = 'Lock' and datname = current_database()`)).length
}
