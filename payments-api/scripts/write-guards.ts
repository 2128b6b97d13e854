import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { migrate } from '../src/sql/migrate.ts'

/** The invariant that compares a database's guards with those that the migrations install. */
export const GUARDS_PATH = join(process.env.CONTRACTS_DIR ?? join(import.meta.dirname, '../../contracts'), 'invariants/guards.sql')

/** The API's copy, which it runs for the console. */
export const OWN_GUARDS_PATH = join(import.meta.dirname, '../invariants/guards.sql')

const GUARDED = `
  select * from pg_class
   where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm') and relname in (TABLES)`

interface Guard { kind: string, name: string, definition: string }

/** Returns the invariant that expects the guards of this database, which must be freshly migrated and unchanged. */
export async function guardsSql(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(`
      select relname as name from pg_class
       where relnamespace = 'public'::regnamespace and relkind = 'r' and relname not like 'schema\\_migrations%'
       order by 1`)
    const guarded = GUARDED.replace('TABLES', tables.map(({ name }) => `'${name}'`).join(', '))
    const query = (await readFile(join(import.meta.dirname, 'guards.sql'), 'utf8')).trimEnd()
    const { rows: guards } = await client.query<Guard>(`with guarded as (${guarded})\n${query}`)
    const lines = guards
      .map(({ kind, name, definition }) => `    (${[kind, name, definition].map(text => client.escapeLiteral(text)).join(', ')})`)
      .sort()
    return `-- The database's guards against those that its migrations install.
-- Written by \`npm run schema\` in payments-api; a test there fails when it is out of date.
--
-- guards-are-as-installed: Columns, constraints, indexes, triggers, functions, grants and the logins' rights are those that
--   the migrations install.
-- one-payment-a-key: A caller's idempotency key has one payment.
with guarded as (${guarded}),
expected (kind, name, definition) as (
  values
${lines.join(',\n')}),
actual as (
${query})
select case when coalesce(e.name, a.name) like 'payments%caller_idempotency_key%' and a.name is null
         then array['guards-are-as-installed', 'one-payment-a-key']
         else array['guards-are-as-installed'] end as broken,
       coalesce(e.kind, a.kind) as kind, coalesce(e.name, a.name) as name, e.definition as installed, a.definition as found
  from expected e
  full join actual a on a.kind = e.kind and a.name = e.name
 where a.definition is distinct from e.definition;
`
  }
  finally {
    await client.end()
  }
}

if (import.meta.main) {
  // Only developers run this script, so it can use the tests' Postgres.
  const { startPostgres } = await import('../test/support/postgres.ts')
  const { url, stop } = await startPostgres()
  try {
    const database = Object.assign(new URL(url), { pathname: '/payments_guards' }).href
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query('create database payments_guards')
    await migrate(database)
    await mkdir(dirname(GUARDS_PATH), { recursive: true })
    const guards = await guardsSql(database)
    await writeFile(GUARDS_PATH, guards)
    await writeFile(OWN_GUARDS_PATH, guards)
    await client.query('drop database payments_guards')
    await client.end()
  }
  finally {
    stop()
  }
}
