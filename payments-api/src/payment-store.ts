import type { Knex } from 'knex'
import type { ArrivedAccounts } from './domain/arrivals.ts'
import type { CreatePaymentDeps } from './domain/create-payment.ts'
import type { KnownCurrencies } from './domain/known-currencies.ts'
import type { NewPayment } from './domain/payment.ts'
import type { RequestRefundDeps } from './domain/request-refund.ts'
import type { Metrics } from './metrics.ts'
import { groupCommit } from './domain/group-commit.ts'
import { paymentWriter } from './domain/write-payments.ts'
import { confirmCommits } from './sql/confirm-commits.ts'
import { isConflict, isLostConnection, isRefusedRow } from './sql/database-errors.ts'
import { findCurrencies } from './sql/find-currencies.ts'
import { findPaymentsByKey } from './sql/find-payments-by-key.ts'
import { insertPayments } from './sql/insert-payments.ts'
import { isKeyLockTimeout, isRowLockTimeout } from './sql/lock-waits.ts'

/** Payments to known accounts are one group, all others the second, so a locked account never delays the first. */
export const WRITE_GROUPS = 2

type FindPaymentsByKey = (keys: Parameters<typeof findPaymentsByKey>[1]) => ReturnType<typeof findPaymentsByKey>

export interface PaymentStoreDeps {
  /** Connections for reads, and for writes: a slow list must not delay a payment. */
  readDb: Knex
  writeDb: Knex
  currencies: KnownCurrencies
  metrics: Metrics
  /** Tells the workers that jobs of these accounts are waiting; called after each write. */
  wake: (accounts: ArrivedAccounts) => void
}

export interface PaymentStore extends Pick<CreatePaymentDeps, 'write' | 'writeAndOpen'>, Pick<RequestRefundDeps, 'findByKey'> {
  /** Finds the payments that hold idempotency keys, over the connections for writes. */
  findHolders: FindPaymentsByKey
}

/** Writes payments to Postgres and finds the holders of idempotency keys. Concurrent payments of one group share a write. */
export function paymentStore({ readDb, writeDb, currencies, metrics, wake }: PaymentStoreDeps): PaymentStore {
  const writePayments = paymentWriter({
    insert: (payments, openAccounts) => insertPayments(writeDb, payments, openAccounts),
    findByKey: payments => findPaymentsByKey(writeDb, payments),
    findCurrencies: accountIds => findCurrencies(writeDb, accountIds),
    confirm: () => confirmCommits(writeDb),
    currencyOf: currencies.get,
  })

  const findHolders = findConfirmed(writeDb)

  function grouped(openAccounts: boolean): CreatePaymentDeps['write'] {
    const write = groupCommit(async (payments: NewPayment[]) => {
      const startedAtMs = performance.now()
      const written = await writePayments(payments, openAccounts)
      metrics.wrote(payments.length, (performance.now() - startedAtMs) / 1_000)
      wake(new Set(payments.map(({ accountId }) => accountId)))
      return written
    }, { refusedRow: isRefusedRow, lockedRow: isRowLockTimeout, lostConnection: error => isLostConnection(error) || isConflict(error) })
    return payment => write(payment).catch(async (error: unknown) => {
      if (!isKeyLockTimeout(error))
        throw error
      // An insert also waits for a worker that settles the key's payment, perhaps a frozen one. A read does not.
      return (await findHolders([payment])).find(payment) ?? 'idempotency-key-in-use'
    })
  }

  return {
    write: grouped(false),
    writeAndOpen: grouped(true),
    findByKey: async key => (await findConfirmed(readDb)([key])).find(key),
    findHolders,
  }
}

/** Finds payments by key. Resolves once the payments it found are as durable as our own commits. */
function findConfirmed(db: Knex): FindPaymentsByKey {
  return async (keys) => {
    const holders = await findPaymentsByKey(db, keys)
    if (keys.some(holders.find))
      await confirmCommits(db)
    return holders
  }
}
