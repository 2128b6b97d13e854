/** What Knex does not declare of its client for Postgres, as far as we use it. */
declare module 'knex/lib/dialects/postgres/index.js' {
  import type { Knex } from 'knex'

  export default class PostgresClient extends Knex.Client {
    /** What it takes from the package pg. */
    _driver(): object

    /** Runs a statement; resolves to it, with its `response`. */
    _query(connection: unknown, statement: object): Promise<object>
  }
}
