import type { Knex } from 'knex'
import type { KnexClient, PoolOptions } from './light-pool.ts'
import type { SimulatedConnection } from './simulated-connection.ts'
import { lightPool } from './light-pool.ts'

/**
 * Runs our own client of Knex with a pool and transactions of a few lines: Knex's take 2 ms per transaction, and a schedule must
 * take less than one. Some schedules run on Knex itself, which shows that these lines do what Knex does.
 */
export function lightKnex(prototype: KnexClient, options: PoolOptions): Knex {
  const client = Object.create(prototype, { pool: { value: lightPool(() => client, options) } }) as KnexClient

  const run = async (connection: SimulatedConnection, sql: string, bindings: unknown[] = [], name?: string): Promise<object> =>
    (await client._query(connection, { sql, bindings, options: { name } })).response

  const runAlone = async (sql: string, bindings?: unknown[], name?: string): Promise<object> => {
    const connection = await client.acquireConnection()
    try {
      return await run(connection, sql, bindings, name)
    }
    finally {
      void client.releaseConnection(connection)
    }
  }

  async function transaction(work: (trx: object) => Promise<unknown>): Promise<unknown> {
    const connection = await client.acquireConnection()
    try {
      return await nested(connection, work, { begin: 'BEGIN;', commit: 'COMMIT;', rollback: 'ROLLBACK' })
    }
    finally {
      void client.releaseConnection(connection)
    }
  }

  let savepoints = 0
  async function nested(connection: SimulatedConnection, work: (trx: object) => Promise<unknown>, sql: Record<'begin' | 'commit' | 'rollback', string>): Promise<unknown> {
    await run(connection, sql.begin)
    let result: unknown
    try {
      result = await work({
        raw: (text: string, bindings?: unknown[]) => query(name => run(connection, text, bindings, name)),
        transaction: (inner: (trx: object) => Promise<unknown>) => {
          const savepoint = `s${++savepoints}`
          return nested(connection, inner, { begin: `SAVEPOINT ${savepoint};`, commit: `RELEASE SAVEPOINT ${savepoint};`, rollback: `ROLLBACK TO SAVEPOINT ${savepoint}` })
        },
      })
    }
    catch (error) {
      await run(connection, sql.rollback)
      throw error
    }
    await run(connection, sql.commit)
    return result
  }

  return {
    raw: (sql: string, bindings?: unknown[]) => query(name => runAlone(sql, bindings, name)),
    transaction,
  } as unknown as Knex
}

/** A statement that runs when it is awaited, after its options were set. */
function query(run: (name?: string) => Promise<object>): object {
  let name: string | undefined
  const self = {
    options: (options: { name: string }) => {
      name = options.name
      return self
    },

    then: (resolve: (rows: object) => unknown, reject: (error: unknown) => unknown) => run(name).then(resolve, reject),
  }
  return self
}
