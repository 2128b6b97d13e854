import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { Refusal } from '../refusal.ts'

const CONNECT_TIMEOUT_MS = 10_000
const DISCONNECT_TIMEOUT_MS = 5_000
/** The session settings that our queries and the recorded guard definitions depend on; they override all defaults. */
const SESSION = `
  set search_path = public;
  set datestyle = 'ISO, MDY';
  set intervalstyle = 'postgres';
  set timezone = 'UTC';
  set bytea_output = 'hex';
  set extra_float_digits = 1;
  set standard_conforming_strings = on;
  set quote_all_identifiers = off`

/** Opens a new database connection, which the caller ends. Throws a Refusal if it cannot connect. */
export async function connect(connectionString: string, queryTimeoutMs: number): Promise<pg.Client> {
  // Without an explicit ssl, pg would use PGSSLMODE from the caller's environment.
  const client = new pg.Client({
    connectionString,
    ssl: false,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: queryTimeoutMs,
  })
  client.on('error', () => {}) // if the connection is lost while idle, the next query fails
  try {
    await client.connect()
    await client.query(SESSION)
    return client
  }
  catch (error) {
    const { host, pathname } = new URL(connectionString)
    throw new Refusal(`Cannot connect to the database ${pathname.slice(1)} at ${host} (${(error as Error).message || (error as NodeJS.ErrnoException).code}). Check that it is running: \`make status\`.`)
  }
}

/** Closes a connection. A server that is frozen never confirms that, so the wait has a deadline. */
export async function disconnect(client: pg.Client): Promise<void> {
  await Promise.race([client.end(), delay(DISCONNECT_TIMEOUT_MS, null, { ref: false })])
}
