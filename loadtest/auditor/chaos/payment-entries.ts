import type { PaymentEntry } from '../journal.ts'
import type { Exchange } from './journal.ts'
import { kindOf } from './journal.ts'

/** The payments and refunds of a journal as the auditor compares them with the database, by idempotency key. */
export function paymentEntries(exchanges: Exchange[]): Map<string, PaymentEntry[]> {
  const byKey = new Map<string, PaymentEntry[]>()
  for (const exchange of exchanges) {
    const { key, payment, refund, status, body } = exchange
    const sent = payment ?? refund
    if (key === undefined || sent === undefined)
      continue
    const entries = byKey.get(key) ?? []
    byKey.set(key, entries)
    entries.push({ kind: kindOf(exchange), key, accountId: sent.accountId, amount: sent.amount, refundOf: refund?.paymentId, status, body })
  }
  return byKey
}
