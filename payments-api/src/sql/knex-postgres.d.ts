/** What Knex does not say of its own client for Postgres, so far as we use it. */
declare module 'knex/lib/dialects/postgres/index.js' {
  import type { Knex } from 'knex'

  export default class PostgresClient extends Knex.Client {
    /** What it takes from the package pg. */
    _driver(): object
  }
}
