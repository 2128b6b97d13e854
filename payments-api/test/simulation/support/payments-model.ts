import type { Execute, Result, SimulatedPostgres, Statement } from './simulated-postgres.ts'
import { databaseError, Row, Transaction } from './rows.ts'
import { nowMs } from './virtual-clock.ts'

export interface StoredPayment {
  id: string
  caller: string
  idempotency_key: string
  request_hash: Buffer
  account_id: string
  amount: string
  currency: string
  description: string
  created_at: string
}

export const CALLER = 'anonymous'
/** The payment with this description is refused for its values. */
export const REFUSED = 'refused'
/** The role's lock_timeout. */
const LOCK_TIMEOUT_MS = 2_000

/** The tables that the API writes when it accepts payments, and what its statements do to them. The real statements have their own tests. */
export class PaymentsModel {
  /** The unique index on caller and key. */
  readonly byKey = new Map<string, Row<StoredPayment>>()
  readonly currencies = new Map<string, Row<string>>()
  readonly settled = new Set<string>()
  /** Ids of payments for which the reply to an insert was lost: nobody can tell whether they were written. */
  readonly replyLost = new Set<string>()
  server!: SimulatedPostgres

  key(key: string): Row<StoredPayment> {
    const row = this.byKey.get(key) ?? new Row<StoredPayment>('payments')
    this.byKey.set(key, row)
    return row
  }

  /** The committed payment with this key of the only caller. */
  holderOf(key: string): StoredPayment | undefined {
    return this.byKey.get(`${CALLER} ${key}`)?.value
  }

  committed(): StoredPayment[] {
    return [...this.byKey.values()].flatMap(({ value }) => value ?? [])
  }

  /** What a worker does: settles all payments with one commit. */
  settleAll(): void {
    const ids = this.committed().map(({ id }) => id).filter(id => !this.settled.has(id))
    ids.forEach(id => this.settled.add(id))
    if (ids.length > 0)
      this.server.notify('payment_events', JSON.stringify({ completed: ids }))
  }

  /** Another process inserts a payment with this key, and its transaction stays open for a time. */
  holdKey(key: string, forMs: number): void {
    const transaction = new Transaction(nowMs(), this.server.notify)
    const row = this.key(`${CALLER} ${key}`)
    if (row.value === undefined && transaction.tryLock(row))
      setTimeout(() => transaction.rollback(), forMs)
  }

  readonly loseReply = ({ text, values }: Statement): void => {
    if (text.includes('insert into payments'))
      (values[0] as string[]).forEach(id => this.replyLost.add(id))
  }

  readonly execute: Execute = (transaction, { text, values }) => {
    if (text.includes('insert into payments'))
      return this.#insert(transaction, values)
    if (text.includes('select caller, idempotency_key'))
      return this.#find(values as [string[], string[]])
    if (text.includes('select id, currency from accounts'))
      return (values[0] as string[]).flatMap(id => this.currencies.get(id)?.value === undefined ? [] : [{ id, currency: this.currencies.get(id)!.value }])
    if (text.includes('pg_logical_emit_message'))
      return []
    throw new Error(`the model does not know this statement: ${text}`)
  }

  async #insert(transaction: Transaction, values: unknown[]): Promise<Result> {
    const [ids, callers, keys, hashes, accounts, amounts, currencies, descriptions, createdAts] = values as [string[], string[], string[], Buffer[], string[], string[], string[], string[], string[]]
    const rows = ids.map((id, i) => ({
      id,
      caller: callers[i]!,
      idempotency_key: keys[i]!,
      request_hash: hashes[i]!,
      account_id: accounts[i]!,
      amount: amounts[i]!,
      currency: currencies[i]!,
      description: descriptions[i]!,
      created_at: createdAts[i]!,
    })).sort((a, b) => a.idempotency_key < b.idempotency_key ? -1 : a.idempotency_key > b.idempotency_key ? 1 : 0)
    const created: StoredPayment[] = []
    for (const payment of rows) {
      const row = this.key(`${payment.caller} ${payment.idempotency_key}`)
      if (row.value === undefined)
        await transaction.lock(row, LOCK_TIMEOUT_MS)
      if (transaction.read(row) !== undefined)
        continue
      if (payment.description === REFUSED)
        throw databaseError('23514', 'the payment is refused')
      transaction.write(row, payment)
      created.push(payment)
    }
    if (values[10] === true)
      await this.#openAccounts(transaction, created)
    return [{ created: created.length > 0 ? created.map(({ id }) => id) : null }]
  }

  async #openAccounts(transaction: Transaction, payments: StoredPayment[]): Promise<void> {
    for (const { account_id, currency } of payments.toSorted((a, b) => a.account_id < b.account_id ? -1 : 1)) {
      const row = this.currencies.get(account_id) ?? new Row<string>('accounts')
      this.currencies.set(account_id, row)
      if (row.value === undefined)
        await transaction.lock(row, LOCK_TIMEOUT_MS)
      if (transaction.read(row) === undefined)
        transaction.write(row, currency)
      else if (transaction.read(row) !== currency)
        throw Object.assign(databaseError('23514', 'an account holds another currency than its payment'), { constraint: 'accounts_one_currency' })
    }
  }

  #find([callers, keys]: [string[], string[]]): Result {
    return keys.flatMap((key, i) => {
      const { value } = this.key(`${callers[i]} ${key}`)
      return value ? [{ ...value }] : []
    })
  }
}
