import type { Payment } from '#shared/types/payment'
import type { PaymentSettled } from '#shared/types/payment-settled'
import { unlessSame } from './loaded-rows'

/** Chooses between a loaded payment and the same one as fetched. A payment never returns to pending, so a fetched one that says so is stale. */
export function newerPayment(known: Payment, fetched: Payment): Payment {
  return known.status !== 'pending' && fetched.status === 'pending'
    ? known
    : unlessSame(known, fetched)
}

/** Replaces a payment if it is loaded. */
export function withPayment(payments: Payment[], payment: Payment): Payment[] {
  return payments.map(row => row.id === payment.id ? newerPayment(row, payment) : row)
}

/** Patches the payments that have settled. The other rows stay the same objects, so that Vue does not render them again. */
export function withSettled(payments: Payment[], settled: ReadonlyMap<string, PaymentSettled>): Payment[] {
  return payments.map(row => settled.has(row.id) ? { ...row, ...settled.get(row.id) } : row)
}

/** Patches the payments that a slow response still shows as pending. */
export function withSettledSince(payments: Payment[], settled: ReadonlyMap<string, PaymentSettled>): Payment[] {
  return payments.map(row => row.status === 'pending' && settled.has(row.id) ? { ...row, ...settled.get(row.id) } : row)
}
