import type { Result, SimulatedPostgres, Statement } from './simulated-postgres.ts'
import { EventEmitter } from 'node:events'
import { databaseError } from './rows.ts'
import { isTransactionControl, ServerSession } from './server-session.ts'

interface Response { command: string, rows: Result, rowCount: number }
type Callback = (error: Error | null, response?: Response) => void
interface Query { statement: Statement, callback: Callback, timeout?: NodeJS.Timeout | undefined }
interface Config { connectionString?: string, query_timeout?: number }

/** Latest that the server runs a statement whose client is gone. */
const MAX_LATE_MS = 3_000
/** These SQLSTATEs end the session. */
const FATAL = /^(?:57P0[125]|25P0[34]|08)/

let server: SimulatedPostgres

/** Connections that are opened from now on lead to this server. */
export function useServer(next: SimulatedPostgres): void {
  server = next
}

/**
 * Takes the place of pg.Client under our own class: the part of its interface that Knex and our code use, without a network.
 * The real class, its subclasses and the clients of Knex that use them run as they are.
 */
export function replaceDriver(connectionClass: { prototype: object }): void {
  Object.setPrototypeOf(connectionClass, SimulatedConnection)
  Object.setPrototypeOf(connectionClass.prototype, SimulatedConnection.prototype)
}

export class SimulatedConnection extends EventEmitter {
  readyForQuery = false
  readonly owner: string
  readonly #server = server
  readonly #queryTimeoutMs: number | undefined
  readonly #queue: Query[] = []
  readonly #session = new ServerSession(this.#server)
  #running: Query | undefined
  #opening: ((error?: Error) => void) | undefined
  #controlFailed = false
  #ending = false
  #over = false
  #silence: { ms: number, expired: () => void } | undefined
  readonly connection = {
    stream: {
      setTimeout: (ms: number, expired?: () => void) => {
        if (expired)
          this.#silence = { ms, expired }
        return this.connection.stream
      },
      on: () => this.connection.stream,
      destroy: (error: Error) => this.#break(error),
    },
  }

  constructor(config: Config = {}) {
    super()
    this.owner = config.connectionString ?? ''
    this.#queryTimeoutMs = config.query_timeout
  }

  getTransactionStatus(): string {
    return this.#session.status
  }

  escapeIdentifier(name: string): string {
    return `"${name}"`
  }

  async connect(): Promise<this> {
    const fault = this.#server.nextFault()
    await new Promise<void>((resolve, reject) => {
      this.#opening = error => error ? reject(error) : resolve()
      if (fault === 'silent')
        return
      setTimeout(() => {
        if (this.#over)
          return
        this.#opening = undefined
        if (!this.#server.available || fault === 'lost request')
          reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))
        else if (fault && /^[0-9A-Z]{5}$/.test(fault))
          reject(databaseError(fault))
        else
          resolve()
      }, this.#server.latencyMs())
    })
    this.#server.sessions.add(this)
    this.readyForQuery = true
    return this
  }

  /** With a callback like pg's, otherwise returns a promise. */
  query(config: string | { text: string, values?: unknown[] }, callback?: Callback): Promise<Response> | undefined {
    if (!callback)
      return new Promise((resolve, reject) => void this.query(config, (error, response) => error ? reject(error) : resolve(response!)))
    const statement = typeof config === 'string' ? { text: config, values: [] } : { text: config.text, values: config.values ?? [] }
    if (this.#over || this.#ending) {
      queueMicrotask(() => callback(new Error('Client was closed and is not queryable')))
      return
    }
    const query: Query = { statement, callback }
    if (this.#queryTimeoutMs !== undefined)
      query.timeout = setTimeout(() => this.#answer(query, new Error('Query read timeout')), this.#queryTimeoutMs)
    this.#queue.push(query)
    this.#pulse()
    return undefined
  }

  end(callback?: () => void): Promise<void> | undefined {
    this.#ending = true
    this.#break(new Error('Connection terminated'))
    callback?.()
    return callback ? undefined : Promise.resolve()
  }

  /** Delivers a notification, unless the session does not listen to it. Its own arrive before the response to its NOTIFY. */
  deliver(channel: string, payload: string, sender?: ServerSession): void {
    if (!this.#session.channels.has(channel))
      return
    const arrive = (): void => {
      if (!this.#over)
        this.emit('notification', { channel, payload })
    }
    sender === this.#session ? arrive() : setTimeout(arrive, 1)
  }

  /** Keeps the connection but delivers nothing any more, like a network that drops packets. */
  deafen(): void {
    this.#session.channels.clear()
    this.#session.clientLeft()
    this.#server.sessions.delete(this)
    this.#running = { statement: { text: 'silence', values: [] }, callback: () => {} }
    this.readyForQuery = false
  }

  isListening(): boolean {
    return this.#session.channels.size > 0
  }

  /** The server ends the session: 57P01. */
  terminate(): void {
    const error = databaseError('57P01', 'terminating connection due to administrator command')
    this.#session.terminate()
    if (this.#running)
      this.#answer(this.#running, error)
    this.#running = undefined
    this.#break(error)
  }

  /** The process that holds the connection is killed. What it had sent may still run. */
  abandon(): void {
    const running = this.#running
    this.removeAllListeners()
    this.#over = true
    this.#server.sessions.delete(this)
    if (running && this.#server.random() < 0.5)
      this.#runLate(running)
    else
      this.#session.clientLeft()
  }

  #pulse(): void {
    if (this.#running || this.#over)
      return
    const query = this.#queue.shift()
    if (!query)
      return
    this.#running = query
    this.readyForQuery = false
    this.#checkUse(query.statement)
    const fault = this.#server.nextFault()
    if (fault === 'silent')
      return void (this.#silence && setTimeout(this.#silence.expired, this.#silence.ms))
    const waitMs = this.#server.latencyMs() + (fault === 'slow' ? this.#server.random() * 1_000 : 0)
    setTimeout(() => void this.#run(query, fault), waitMs)
  }

  async #run(query: Query, fault: string | undefined): Promise<void> {
    if (this.#over || this.#running !== query)
      return
    if (fault === 'lost request')
      return this.#break(new Error('Connection terminated unexpectedly'))
    if (fault === 'orphaned') {
      setTimeout(() => this.#runLate(query), this.#server.random() * MAX_LATE_MS)
      return this.#break(new Error('Connection terminated unexpectedly'), { serverKnows: false })
    }
    try {
      if (fault && /^[0-9A-Z]{5}$/.test(fault))
        throw databaseError(fault)
      const rows = await this.#session.execute(query.statement)
      if (this.#over)
        return
      if (fault === 'unconfirmed' && this.#session.status === 'I')
        this.emit('notice', { routine: 'SyncRepWaitForLSN' })
      if (fault === 'lost reply')
        return this.#break(new Error('Connection terminated unexpectedly'))
      this.#answer(query, null, rows)
    }
    catch (error) {
      if (this.#over)
        return
      this.#session.abort(query.statement)
      this.#answer(query, error as Error)
      if (FATAL.test(String((error as { code?: unknown }).code))) {
        this.#running = undefined
        this.#break(error as Error)
      }
    }
  }

  /** The server, which does not know that the client is gone, runs what it has received. */
  #runLate({ statement }: Query): void {
    void this.#session.execute(statement).catch(() => {}).finally(() => this.#session.clientLeft())
  }

  #answer(query: Query, error: Error | null, rows: Result = []): void {
    clearTimeout(query.timeout)
    if (error && isTransactionControl(query.statement))
      this.#controlFailed = true
    const { callback } = query
    query.callback = () => {}
    if (error)
      callback(error) // before the server is ready again, as pg does
    const ready = (): void => {
      if (this.#running !== query || this.#over)
        return
      this.#running = undefined
      this.readyForQuery = true
      if (!error)
        callback(null, { command: this.#session.command, rows, rowCount: rows.length })
      this.#pulse()
      if (!this.#running)
        this.emit('drain')
    }
    if (error)
      queueMicrotask(ready)
    else
      ready()
  }

  /** The connection ends, for the client and the server. */
  #break(error: Error, { serverKnows = true } = {}): void {
    if (this.#over)
      return
    this.#over = true
    this.readyForQuery = false
    this.#server.sessions.delete(this)
    if (serverKnows)
      this.#session.clientLeft()
    this.#opening?.(error)
    if (!this.#ending && this.listenerCount('error') > 0)
      this.emit('error', error)
    if (this.#running)
      this.#server.onReplyLost(this.#running.statement)
    const queries = [...this.#running ? [this.#running] : [], ...this.#queue.splice(0)]
    queueMicrotask(() => {
      for (const { callback, timeout } of queries) {
        clearTimeout(timeout)
        callback(error)
      }
      this.emit('end')
    })
  }

  #checkUse({ text }: Statement): void {
    if (this.#controlFailed && text !== 'ROLLBACK')
      this.#server.violations.push(`a connection whose BEGIN, COMMIT or ROLLBACK failed is used again: ${text.slice(0, 60)}`)
    if (this.#session.status !== 'I' && /^BEGIN\b/.test(text))
      this.#server.violations.push('a connection with an open transaction is used again')
  }
}
