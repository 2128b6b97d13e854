import type { TestDatabase } from './database.ts'
import { waitFor } from './wait-for.ts'

/** Waits until the API listens to the database. It serves requests before that, but misses earlier notifications. */
export async function waitForListener(database: TestDatabase): Promise<void> {
  await waitFor('the API listens', async () => (await database.sql(`select from pg_stat_activity where application_name = 'payments-api listen' and query like 'listen%' and state = 'idle' and datname = current_database()`)).length > 0)
}
