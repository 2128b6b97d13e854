import pg from 'pg'

/** The error that Postgres would send. `where` is the error's context. */
export function databaseError(code: string, message: string = code, where?: string): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError(message, 0, 'error'), { code, ...(where !== undefined && { where }) })
}

/** A row, or a key of a unique index that has no row yet. At most one transaction holds it; others see the committed value. */
export class Row<T> {
  readonly name: string
  value: T | undefined
  draft: T | undefined
  holder: Transaction | undefined
  waiters: (() => void)[] = []

  constructor(name: string, value?: T) {
    this.name = name
    this.value = value
  }
}

/** What undoes one lock or write of a transaction. */
interface Change { row: Row<unknown>, draft: unknown, held: boolean }

export interface Savepoint { changes: number, notifications: number }

/** A transaction in READ COMMITTED: its writes and notifications appear when it commits, and its row locks last until it ends. */
export class Transaction {
  readonly startedAtMs: number
  readonly #notify: (channel: string, payload: string) => void
  readonly #changes: Change[] = []
  readonly #notifications: { channel: string, payload: string }[] = []
  #waitsFor: Row<unknown> | undefined
  ended = false

  constructor(startedAtMs: number, notify: (channel: string, payload: string) => void) {
    this.startedAtMs = startedAtMs
    this.#notify = notify
  }

  read<T>(row: Row<T>): T | undefined {
    return row.holder === this && row.draft !== undefined ? row.draft : row.value
  }

  /** Locks a row, or returns false if another transaction holds it. */
  tryLock(row: Row<unknown>): boolean {
    if (row.holder === this)
      return true
    if (row.holder)
      return false
    this.#changes.push({ row, draft: undefined, held: false })
    row.holder = this
    return true
  }

  /**
   * Waits for the row's lock.
   * @throws {pg.DatabaseError} 40P01 for a deadlock, 55P03 after `timeoutMs`
   */
  async lock(row: Row<unknown>, timeoutMs: number): Promise<void> {
    const giveUpAtMs = performance.now() + timeoutMs
    while (!this.tryLock(row)) {
      for (let other = row.holder; other; other = other.#waitsFor?.holder) {
        if (other === this)
          throw databaseError('40P01', 'deadlock detected')
      }
      const waitMs = giveUpAtMs - performance.now()
      if (waitMs <= 0)
        throw databaseError('55P03', 'canceling statement due to lock timeout', `while locking tuple (0,1) in relation "${row.name}"`)
      this.#waitsFor = row
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs)
        row.waiters.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
      this.#waitsFor = undefined
      if (this.ended)
        throw databaseError('57P01', 'the session ended')
    }
  }

  /** Writes a row that this transaction has locked. */
  write<T>(row: Row<T>, value: T): void {
    if (row.holder !== this)
      throw new Error(`${row.name} is written without its lock`)
    this.#changes.push({ row, draft: row.draft, held: true })
    row.draft = value
  }

  notify(channel: string, payload: string): void {
    this.#notifications.push({ channel, payload })
  }

  savepoint(): Savepoint {
    return { changes: this.#changes.length, notifications: this.#notifications.length }
  }

  /** Undoes everything since the savepoint, and releases the locks taken since. */
  rollbackTo({ changes, notifications }: Savepoint): void {
    while (this.#changes.length > changes) {
      const { row, draft, held } = this.#changes.pop()!
      row.draft = draft
      if (!held)
        release(row)
    }
    this.#notifications.length = notifications
  }

  /** Does nothing after a commit. */
  rollback(): void {
    this.rollbackTo({ changes: 0, notifications: 0 })
    this.ended = true
  }

  commit(): void {
    for (const { row } of this.#changes)
      row.value = row.draft ?? row.value
    for (const { row, held } of this.#changes) {
      if (!held)
        release(row)
    }
    this.#changes.length = 0
    this.ended = true
    this.#notifications.forEach(({ channel, payload }) => this.#notify(channel, payload))
  }
}

function release(row: Row<unknown>): void {
  row.draft = undefined
  row.holder = undefined
  row.waiters.splice(0).forEach(wake => wake())
}
