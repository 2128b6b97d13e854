/** The parts of Knex's client for Postgres that we use and Knex does not declare. */
declare module 'knex/lib/dialects/postgres/index.js' {
  import type { Knex } from 'knex'

  export default class PostgresClient extends Knex.Client {
    /** What it takes from the package pg. */
    _driver(): object

    /** Runs a statement and resolves to the same statement with its `response`. */
    _query(connection: unknown, statement: object): Promise<object>
  }
}
