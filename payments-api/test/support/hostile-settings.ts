import type { TestDatabase } from './database.ts'

/** Values that an operator may give a setting; each differs from the value that our statements rely on. */
const HOSTILE = {
  search_path: 'pg_catalog',
  DateStyle: 'SQL, DMY',
  IntervalStyle: 'sql_standard',
  TimeZone: 'America/St_Johns',
  extra_float_digits: '-15',
  bytea_output: 'escape',
  standard_conforming_strings: 'off',
  array_nulls: 'off',
  transform_null_equals: 'on',
  default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on',
  client_min_messages: 'error',
  synchronous_commit: 'off',
  exit_on_error: 'on',
  quote_all_identifiers: 'on',
  row_security: 'off',
  client_encoding: 'LATIN1',
}

/** Sets them for the database and, by default, for our roles in it. Affects sessions that start later. */
export async function hostileSettings(database: TestDatabase, { roleInDatabase = true } = {}): Promise<void> {
  const [{ name }] = await database.sql('select current_database() as name') as [{ name: string }]
  const whose = [`database ${name}`, ...roleInDatabase ? ['payments_api', 'payments_worker'].map(role => `role ${role} in database ${name}`) : []]
  for (const who of whose) {
    for (const [setting, value] of Object.entries(HOSTILE))
      await database.sql(`alter ${who} set ${setting} = '${value}'`)
  }
}
