import type { Knex } from 'knex'
import type { SimulatedConnection } from './simulated-connection.ts'

/** The parts of Knex's client that Knex's own statements, transactions and pool use. */
interface KnexClient {
  version: string
  acquireConnection: () => Promise<SimulatedConnection>
  releaseConnection: (connection: SimulatedConnection) => Promise<void>
  acquireRawConnection: () => Promise<SimulatedConnection>
  validateConnection: (connection: SimulatedConnection) => Promise<boolean>
  _query: (connection: SimulatedConnection, statement: object) => Promise<{ response: object }>
}

export interface LightKnexOptions {
  maxConnections: number
  /** Milliseconds until a pool without a free connection refuses; undefined if our client limits the wait itself. */
  acquireTimeoutMs?: number
  afterCreate?: (connection: SimulatedConnection, done: () => void) => void
}

/**
 * Runs our own client of Knex with a pool and transactions of a few lines: Knex's take 2 ms per transaction, and a schedule must
 * take less than one. Some schedules run on Knex itself, which shows that these lines do what Knex does.
 */
export function lightKnex(prototype: KnexClient, options: LightKnexOptions): Knex {
  const client = Object.create(prototype, { pool: { value: pool(() => client, options) } }) as KnexClient

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

interface Waiter { resolve: (connection: SimulatedConnection) => void, reject: (error: unknown) => void, isOver: boolean }

/** The part of the interface of Knex's pool that its clients use. */
function pool(client: () => KnexClient, { maxConnections, acquireTimeoutMs, afterCreate }: LightKnexOptions): object {
  const free: SimulatedConnection[] = []
  const waiting: Waiter[] = []
  let size = 0

  async function serve(): Promise<void> {
    if (waiting.length === 0 || (free.length === 0 && size >= maxConnections))
      return
    const waiter = waiting.shift()!
    try {
      const connection = await nextConnection()
      waiter.isOver ? release(connection) : waiter.resolve(connection)
    }
    catch (error) {
      waiter.reject(error)
      await serve()
    }
  }

  async function nextConnection(): Promise<SimulatedConnection> {
    for (let connection = free.shift(); connection; connection = free.shift()) {
      const isBroken = '__knex__disposed' in connection && connection.__knex__disposed !== undefined
      if (!isBroken && await client().validateConnection(connection))
        return connection
      size--
      void connection.end()
    }
    size++
    try {
      const connection = await client().acquireRawConnection()
      afterCreate?.(connection, () => {})
      return connection
    }
    catch (error) {
      size--
      throw error
    }
  }

  function release(connection: SimulatedConnection): boolean {
    free.push(connection)
    void serve()
    return true
  }

  function acquire(): { promise: Promise<SimulatedConnection>, reject: (error: unknown) => void } {
    const { promise, resolve, reject } = Promise.withResolvers<SimulatedConnection>()
    let timer: NodeJS.Timeout | undefined
    const waiter: Waiter = {
      isOver: false,
      resolve: (connection) => {
        clearTimeout(timer)
        resolve(connection)
      },
      reject: (error) => {
        clearTimeout(timer)
        waiter.isOver = true
        if (waiting.includes(waiter))
          waiting.splice(waiting.indexOf(waiter), 1)
        reject(error)
      },
    }
    if (acquireTimeoutMs !== undefined)
      timer = setTimeout(() => waiter.reject(new Error('timeout expired: every connection is taken')), acquireTimeoutMs)
    waiting.push(waiter)
    void serve()
    return { promise, reject: waiter.reject }
  }

  return { acquire, release }
}
