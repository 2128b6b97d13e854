import type { TestDatabase } from './database.ts'
import { waitFor } from './wait-for.ts'

/** Waits until the API hears what the database tells. It answers requests before that; what is told earlier is lost. */
export async function listening(database: TestDatabase): Promise<void> {
  await waitFor('the API listens', async () => (await database.sql(`select from pg_stat_activity where application_name = 'payments-api listen' and query like 'listen%' and state = 'idle' and datname = current_database()`)).length > 0)
}
