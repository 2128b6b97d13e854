import pg from 'pg'
import { Refusal } from '../refusal.ts'

const CONNECT_TIMEOUT_MS = 10_000
/** What our queries and the definitions of guards rely on, whatever the defaults of the server, database or role are. */
const SESSION = `
  set search_path = public;
  set datestyle = 'ISO, MDY';
  set intervalstyle = 'postgres';
  set timezone = 'UTC';
  set bytea_output = 'hex';
  set extra_float_digits = 1;
  set standard_conforming_strings = on;
  set quote_all_identifiers = off`

/** A connection of its own to the database; the caller ends it. Throws a Refusal when the database does not answer. */
export async function connect(connectionString: string, queryTimeoutMs: number): Promise<pg.Client> {
  // ssl is said here, or pg would take it from whatever PGSSLMODE the caller's shell has.
  const client = new pg.Client({
    connectionString,
    ssl: false,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: queryTimeoutMs,
  })
  client.on('error', () => {}) // lost while idle: the next query fails and says so
  try {
    await client.connect()
    await client.query(SESSION)
    return client
  }
  catch (error) {
    const { host, pathname } = new URL(connectionString)
    throw new Refusal(`cannot connect to the database ${pathname.slice(1)} at ${host}: ${(error as Error).message || (error as NodeJS.ErrnoException).code}`)
  }
}
