import type { SimulatedConnection } from './simulated-connection.ts'

/** The parts of Knex's client that Knex's own statements, transactions and pool use. */
export interface KnexClient {
  acquireConnection: () => Promise<SimulatedConnection>
  releaseConnection: (connection: SimulatedConnection) => Promise<void>
  acquireRawConnection: () => Promise<SimulatedConnection>
  validateConnection: (connection: SimulatedConnection) => Promise<boolean>
  _query: (connection: SimulatedConnection, statement: object) => Promise<{ response: object }>
}

export interface PoolOptions {
  maxConnections: number
  /** Milliseconds until a pool without a free connection refuses; undefined if our client limits the wait itself. */
  acquireTimeoutMs?: number
  afterCreate?: (connection: SimulatedConnection, done: () => void) => void
}

interface Waiter { resolve: (connection: SimulatedConnection) => void, reject: (error: unknown) => void, isOver: boolean }

/** The part of the interface of Knex's pool that its clients use. */
export function lightPool(client: () => KnexClient, { maxConnections, acquireTimeoutMs, afterCreate }: PoolOptions): object {
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
