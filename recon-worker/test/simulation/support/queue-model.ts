import type { ServerSession } from './server-session.ts'
import type { Execute, SimulatedPostgres } from './simulated-postgres.ts'
import { STATEMENTS } from './queue-statements.ts'
import { databaseError, Row, Transaction } from './rows.ts'
import { nowMs } from './virtual-clock.ts'

/** Why the database would refuse a payment's posting: a cause that the sift knows, or one that only a post reveals. */
export type Poison = 'known' | 'unknown'

export interface Job {
  status: 'pending' | 'completed' | 'dead'
  attempts: number
  runAtMs: number
  /** Whether the payment is posted to the ledger. */
  posted: boolean
}
interface Payment { id: string, accountId: string, amount: string, account: Row<number>, poison: Poison | undefined, job: Row<Job>, announced: number }
export interface Registered { stopped: boolean, uncleanStops: number, heldAlone: string | null, stoppedWith: string | null, stoppedWithIt: number, startedAtMs: number }

const LOCK_TIMEOUT_MS = 1_500
const SETTLEMENT_ACCOUNTS = 2

/** The tables that the worker reads and writes, and what its statements do to them. The real statements have their own tests. */
export class QueueModel {
  readonly payments = new Map<string, Payment>()
  readonly accounts = new Map<string, Row<number>>()
  readonly queue = new Row<{ pausedBy: string | null }>('recon_queue', { pausedBy: null })
  readonly #workers = new Map<string, Row<Registered>>()
  readonly #handlers = new Map<string, Execute>()
  server!: SimulatedPostgres

  account(id: string): Row<number> {
    const account = this.accounts.get(id) ?? new Row('accounts', 0)
    this.accounts.set(id, account)
    return account
  }

  /** What the API does: commits a payment with its job, and notifies the workers. */
  accept(id: string, { amount, account, poison }: { amount: string, account: string, poison: Poison | undefined }): void {
    const job = new Row<Job>('recon_jobs', { status: 'pending', attempts: 0, runAtMs: nowMs(), posted: false })
    this.payments.set(id, { id, accountId: account, amount, account: this.account(account), poison, job, announced: 0 })
    this.server.notify('recon_jobs', '')
  }

  pause(): void {
    this.queue.value = { pausedBy: 'operator' }
  }

  resume(): void {
    this.queue.value = { pausedBy: null }
    this.server.notify('recon_jobs', '')
  }

  /** Another session locks an account for a time. */
  holdAccount(id: string, forMs: number): void {
    const transaction = new Transaction(nowMs(), this.server.notify)
    if (transaction.tryLock(this.account(id)))
      setTimeout(() => transaction.rollback(), forMs)
  }

  /** Takes note of the payments that a committed batch has announced. */
  announce(payload: string): void {
    for (const id of Object.values(JSON.parse(payload) as Record<string, string[]>).flat())
      this.payments.get(id)!.announced++
  }

  readonly execute: Execute = (transaction, statement, session) => {
    let handler = this.#handlers.get(statement.text)
    if (!handler) {
      const found = STATEMENTS.find(([pattern]) => pattern.test(statement.text))
      if (!found)
        throw new Error(`the model does not know this statement: ${statement.text}`)
      handler = found[1].bind(this)
      this.#handlers.set(statement.text, handler)
    }
    return handler(transaction, statement, session)
  }

  isDue({ value }: Row<Job>, atMs: number): boolean {
    return value!.status === 'pending' && value!.runAtMs <= atMs
  }

  worker(id: string): Row<Registered> {
    const worker = this.#workers.get(id) ?? new Row<Registered>('recon_workers')
    this.#workers.set(id, worker)
    return worker
  }

  /** Locks the accounts of some payments in order, as both statements that post do. Returns the ids that it could not lock. */
  async lockAccounts(transaction: Transaction, accounts: Iterable<Row<number>>, skipHeld = false): Promise<Set<Row<number>>> {
    const held = new Set<Row<number>>()
    const ids = new Map([...this.accounts].map(([id, row]) => [row, id]))
    for (const account of [...new Set(accounts)].sort((a, b) => ids.get(a)! < ids.get(b)! ? -1 : 1)) {
      if (skipHeld && !transaction.tryLock(account))
        held.add(account)
      else if (!skipHeld)
        await transaction.lock(account, LOCK_TIMEOUT_MS)
    }
    return held
  }

  accountsOf({ account }: Payment, { pid }: ServerSession): Row<number>[] {
    return [account, this.account(`settlement:${pid % SETTLEMENT_ACCOUNTS}`)]
  }

  /** Inserts results, posts and finishes the jobs. */
  async post(transaction: Transaction, ids: string[], outcomes: string[], session: ServerSession): Promise<void> {
    const payments = ids.map(id => this.payments.get(id)!)
    const posted = payments.filter((_, i) => outcomes[i] !== 'failed')
    for (const { id, job } of payments) {
      if (job.holder !== transaction)
        this.server.violations.push(`${id} is posted without its claim`)
      else if (transaction.read(job)!.status !== 'pending')
        this.server.violations.push(`${id} is posted although it is ${transaction.read(job)!.status}`)
    }
    await this.lockAccounts(transaction, posted.flatMap(payment => this.accountsOf(payment, session)))
    const poison = payments.find(payment => payment.poison)
    if (poison)
      throw databaseError('23514', `${poison.id} is refused`)
    for (const [i, payment] of payments.entries()) {
      const before = transaction.read(payment.job)!
      const isPosted = outcomes[i] !== 'failed'
      transaction.write(payment.job, { ...before, status: 'completed', attempts: before.attempts + 1, posted: isPosted })
      if (isPosted)
        transaction.write(payment.account, transaction.read(payment.account)! + 1)
    }
  }
}
