import type { Result, SimulatedPostgres, Statement } from './simulated-postgres.ts'
import { EventEmitter } from 'node:events'
import { databaseError, Transaction } from './rows.ts'
import { nowMs } from './virtual-clock.ts'

interface Response { command: string, rows: Result, rowCount: number }
type Callback = (error: Error | null, response?: Response) => void
interface Query { statement: Statement, callback: Callback, timeout?: NodeJS.Timeout | undefined }
interface Config { connectionString?: string, query_timeout?: number }

/** These SQLSTATEs end the session. */
const FATAL = /^(?:57P0[125]|25P0[34]|08)/
const TRANSACTION_CONTROL = /^(?:BEGIN|COMMIT|ROLLBACK)\b(?! TO\b)/i

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
  readonly pid: number
  readonly #server = server
  readonly #queryTimeoutMs: number | undefined
  readonly #queue: Query[] = []
  readonly #channels = new Set<string>()
  readonly #savepoints = new Map<string, ReturnType<Transaction['savepoint']>>()
  #running: Query | undefined
  #opening: ((error?: Error) => void) | undefined
  #transaction: Transaction | undefined
  /** The transaction of a statement outside BEGIN and COMMIT. It outlives a connection that the client loses. */
  #alone: Transaction | undefined
  #aborted = false
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
    this.pid = this.#server.operations
  }

  getTransactionStatus(): string {
    return !this.#transaction ? 'I' : this.#aborted ? 'E' : 'T'
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

  /** Delivers a notification, unless the session does not listen to it. */
  deliver(channel: string, payload: string): void {
    if (this.#channels.has(channel)) {
      setTimeout(() => {
        if (!this.#over)
          this.emit('notification', { channel, payload })
      }, 1)
    }
  }

  /** Keeps the connection but delivers nothing any more, like a network that drops packets. */
  deafen(): void {
    this.#channels.clear()
    this.#transaction?.rollback()
    this.#server.sessions.delete(this)
    this.#running = { statement: { text: 'silence', values: [] }, callback: () => {} }
    this.readyForQuery = false
  }

  isListening(): boolean {
    return this.#channels.size > 0
  }

  /** The server ends the session: 57P01. */
  terminate(): void {
    const error = databaseError('57P01', 'terminating connection due to administrator command')
    this.#alone?.rollback()
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
      void this.#execute(running.statement).catch(() => {}).finally(() => this.#transaction?.rollback())
    else
      this.#transaction?.rollback()
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
    if (fault === 'orphaned')
      return this.#orphan(query)
    try {
      if (fault && /^[0-9A-Z]{5}$/.test(fault))
        throw databaseError(fault)
      const rows = await this.#execute(query.statement)
      if (this.#over)
        return
      if (fault === 'unconfirmed' && !this.#transaction)
        this.emit('notice', { routine: 'SyncRepWaitForLSN' })
      if (fault === 'lost reply')
        return this.#break(new Error('Connection terminated unexpectedly'))
      this.#answer(query, null, rows)
    }
    catch (error) {
      if (this.#over)
        return
      this.#abort(query.statement)
      this.#answer(query, error as Error)
      if (FATAL.test(String((error as { code?: unknown }).code))) {
        this.#running = undefined
        this.#break(error as Error)
      }
    }
  }

  /** The client loses the connection, and the server, which does not know, runs the statement later. */
  #orphan({ statement }: Query): void {
    const transaction = this.#transaction
    this.#transaction = undefined
    this.#break(new Error('Connection terminated unexpectedly'))
    this.#transaction = transaction
    setTimeout(() => void this.#execute(statement).catch(() => {}).finally(() => this.#transaction?.rollback()), this.#server.random() * 3_000)
  }

  #abort({ text }: Statement): void {
    if (!this.#transaction)
      return
    if (TRANSACTION_CONTROL.test(text)) {
      this.#transaction.rollback()
      this.#transaction = undefined
    }
    else {
      this.#aborted = true
    }
  }

  #answer(query: Query, error: Error | null, rows: Result = []): void {
    clearTimeout(query.timeout)
    if (error && TRANSACTION_CONTROL.test(query.statement.text))
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
        callback(null, { command: this.#command, rows, rowCount: rows.length })
      this.#pulse()
      if (!this.#running)
        this.emit('drain')
    }
    if (error)
      queueMicrotask(ready)
    else
      ready()
  }

  #command = ''

  /** The connection ends, for the client and the server. */
  #break(error: Error): void {
    if (this.#over)
      return
    this.#over = true
    this.readyForQuery = false
    this.#server.sessions.delete(this)
    this.#transaction?.rollback()
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
    if (this.#transaction && /^BEGIN\b/.test(text))
      this.#server.violations.push('a connection with an open transaction is used again')
  }

  async #execute(statement: Statement): Promise<Result> {
    const { text } = statement
    this.#command = /^\w+/.exec(text.trimStart())?.[0].toUpperCase() ?? ''
    const [, savepoint = ''] = /SAVEPOINT (\w+)/.exec(text) ?? []
    if (/^BEGIN\b/.test(text))
      this.#transaction = new Transaction(nowMs(), this.#server.notify)
    else if (/^COMMIT\b/.test(text) || text === 'ROLLBACK')
      this.#endTransaction(text)
    else if (text.startsWith('ROLLBACK TO'))
      this.#rollbackTo(savepoint)
    else if (this.#aborted)
      throw databaseError('25P02', 'current transaction is aborted')
    else if (text.startsWith('SAVEPOINT'))
      this.#savepoints.set(savepoint, this.#transaction!.savepoint())
    else if (/^(?:listen|notify) /.test(text))
      this.#listenOrNotify(text)
    else if (text.includes(`set_config('search_path'`))
      return [{ readOnly: this.#server.readOnly, withoutTriggers: false }]
    else if (text === 'select version();')
      return [{ version: 'PostgreSQL 18.0 ' }]
    else if (!text.startsWith('RELEASE') && text !== 'select 1')
      return await this.#executeOurs(statement)
    return []
  }

  #endTransaction(text: string): void {
    const commits = text.startsWith('COMMIT') && !this.#aborted
    this.#command = commits ? 'COMMIT' : 'ROLLBACK'
    commits ? this.#transaction?.commit() : this.#transaction?.rollback()
    this.#transaction = undefined
    this.#aborted = false
  }

  #rollbackTo(savepoint: string): void {
    this.#transaction!.rollbackTo(this.#savepoints.get(savepoint)!)
    this.#aborted = false
  }

  #listenOrNotify(text: string): void {
    for (const [, command, channel = ''] of text.matchAll(/(listen|notify) "(\w+)"/g)) {
      if (command === 'listen')
        this.#channels.add(channel)
      else
        this.#server.notify(channel, '')
    }
  }

  async #executeOurs(statement: Statement): Promise<Result> {
    if (this.#server.readOnly)
      throw databaseError('25006', 'cannot execute in a read-only transaction')
    if (this.#transaction)
      return await this.#server.execute(this.#transaction, statement, this)
    const transaction = this.#alone = new Transaction(nowMs(), this.#server.notify)
    try {
      const rows = await this.#server.execute(transaction, statement, this)
      if (transaction.ended)
        throw databaseError('57P01')
      transaction.commit()
      return rows
    }
    catch (error) {
      transaction.rollback()
      throw error
    }
  }
}
