/** The parts of Knex's Postgres client that we use and that Knex does not declare. */
declare module 'knex/lib/dialects/postgres/index.js' {
  import type { Knex } from 'knex'

  export default class PostgresClient extends Knex.Client {
    /** The exports of the package pg that the client uses. */
    _driver(): object

    /** Runs a statement and resolves to the same statement with its `response`. */
    _query(connection: unknown, statement: object): Promise<object>
  }
}
