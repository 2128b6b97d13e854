import type { Knex } from 'knex'
import type { NewPayment } from '../../src/domain/payment.ts'
import type { WritePayments } from '../../src/domain/write-payments.ts'
import { createHash } from 'node:crypto'
import { timeOfUuidv7, uuidv7 } from '../../src/domain/uuidv7.ts'
import { paymentWriter } from '../../src/domain/write-payments.ts'
import { confirmCommits } from '../../src/sql/confirm-commits.ts'
import { findCurrencies } from '../../src/sql/find-currencies.ts'
import { findPaymentsByKey } from '../../src/sql/find-payments-by-key.ts'
import { insertPayments } from '../../src/sql/insert-payments.ts'

/** Writes batches through this connection, like an API process that remembers no account. */
export function writeThrough(db: Knex): WritePayments {
  return paymentWriter({
    insert: (payments, openAccounts) => insertPayments(db, payments, openAccounts),
    findByKey: payments => findPaymentsByKey(db, payments),
    findCurrencies: accountIds => findCurrencies(db, accountIds),
    confirm: () => confirmCommits(db),
    currencyOf: () => undefined,
  })
}

/** A payment of 1.00 USD with the given differences. */
export function newPayment(idempotencyKey: string, values: Partial<NewPayment> = {}): NewPayment {
  const id = uuidv7()
  return {
    id,
    caller: 'test',
    idempotencyKey,
    requestHash: createHash('sha256').update(id).digest(),
    accountId: 'ACC-1',
    amount: '1.00',
    currency: 'USD',
    description: '',
    createdAt: timeOfUuidv7(id),
    traceparent: null,
    ...values,
  }
}
