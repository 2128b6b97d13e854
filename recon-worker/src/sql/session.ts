import type { Client } from 'pg'
import { DatabaseUnavailableError } from './database-unavailable.ts'

/**
 * Settings that our statements and pg's parsers rely on. The defaults of the server, the database or the role may differ:
 *
 * - Every connection sets these when it opens, in one round trip. A session's own values beat all defaults.
 * - A transaction pooler runs statements on server connections whose session we never set up. Those connections start with
 *   the values that migrations 0012 and 0022 give our roles in this database, which beat the defaults of the server, database and role.
 *
 * Startup parameters would save the round trip, but PgBouncer refuses a client that sends a parameter it does not know.
 */
export const SESSION_SETTINGS = {
  search_path: 'public', // statements name tables without their schema
  DateStyle: 'ISO, MDY', // pg reads times in ISO 8601 only
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '1', // floats keep all their digits
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
  array_nulls: 'on', // a null in an array of parameters is a null, not the text "NULL"
  transform_null_equals: 'off',
  default_transaction_isolation: 'read committed', // a statement sees the row of the rival that it waited for
  default_transaction_deferrable: 'off',
  exit_on_error: 'off', // a refused row ends its savepoint, not the connection
  client_min_messages: 'warning', // a commit that no synchronous standby has confirmed is known by its warning alone
} as const

const SET_ALL = Object.entries(SESSION_SETTINGS)
  .map(([name, value]) => `pg_catalog.set_config('${name}', '${value}', false)`)
  .join(',\n         ')

const OPEN_SESSION = `
  select ${SET_ALL},
         -- "off" would acknowledge payments that a crash can lose. Every other value is the operator's choice.
         pg_catalog.set_config('synchronous_commit', case setting when 'off' then 'on' else setting end, false),
         pg_catalog.current_setting('transaction_read_only') = 'on' as "readOnly",
         pg_catalog.current_setting('session_replication_role') <> 'origin' as "withoutTriggers"
    from pg_catalog.current_setting('synchronous_commit') setting`

/**
 * Sets up the session of a new connection.
 * @throws {DatabaseUnavailableError} for a standby, a read-only database, or one whose triggers are switched off
 */
export async function openSession(connection: Client): Promise<void> {
  const { rows: [session] } = await connection.query<{ readOnly: boolean, withoutTriggers: boolean }>(OPEN_SESSION)
  if (session?.readOnly)
    throw new DatabaseUnavailableError('the database is read-only, or a standby')
  if (session?.withoutTriggers)
    throw new DatabaseUnavailableError('session_replication_role is not origin, so the ledger\'s triggers would not fire')
}
