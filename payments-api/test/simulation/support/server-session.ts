import type { Result, SimulatedPostgres, Statement } from './simulated-postgres.ts'
import { databaseError, Transaction } from './rows.ts'
import { nowMs } from './virtual-clock.ts'

const TRANSACTION_CONTROL = /^(?:BEGIN|COMMIT|ROLLBACK)\b(?! TO\b)/i

export function isTransactionControl({ text }: Statement): boolean {
  return TRANSACTION_CONTROL.test(text)
}

/** What the server keeps of one connection, and how it runs statements. */
export class ServerSession {
  readonly pid: number
  readonly channels = new Set<string>()
  /** The command tag of the last statement. */
  command = ''
  readonly #server: SimulatedPostgres
  readonly #savepoints = new Map<string, ReturnType<Transaction['savepoint']>>()
  #transaction: Transaction | undefined
  #aborted = false
  /** The transaction of a statement outside BEGIN and COMMIT. It outlives a connection that the client loses. */
  #alone: Transaction | undefined

  constructor(server: SimulatedPostgres) {
    this.#server = server
    this.pid = server.operations
  }

  /** As in the protocol: idle, in a transaction, or in an aborted one. */
  get status(): 'I' | 'T' | 'E' {
    return !this.#transaction ? 'I' : this.#aborted ? 'E' : 'T'
  }

  /** The client is gone. A statement outside a transaction may still finish. */
  clientLeft(): void {
    this.#transaction?.rollback()
  }

  terminate(): void {
    this.#alone?.rollback()
    this.#transaction?.rollback()
  }

  /** After a failed statement. */
  abort(statement: Statement): void {
    if (!this.#transaction)
      return
    this.#aborted = true
    if (isTransactionControl(statement))
      this.#end('ROLLBACK')
  }

  async execute(statement: Statement): Promise<Result> {
    const { text } = statement
    this.command = /^\w+/.exec(text.trimStart())?.[0].toUpperCase() ?? ''
    const [, savepoint = ''] = /SAVEPOINT (\w+)/.exec(text) ?? []
    if (/^BEGIN\b/.test(text))
      this.#transaction = new Transaction(nowMs(), this.#server.notify)
    else if (/^COMMIT\b/.test(text) || text === 'ROLLBACK')
      this.#end(text)
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

  #end(text: string): void {
    const commits = text.startsWith('COMMIT') && !this.#aborted
    this.command = commits ? 'COMMIT' : 'ROLLBACK'
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
        this.channels.add(channel)
      else
        this.#server.notify(channel, '', this)
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
