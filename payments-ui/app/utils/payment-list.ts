import type { Payment, PaymentPage } from '#shared/types/payment'
import type { PaymentSettled } from '#shared/types/payment-settled'

/** The loaded payments: the newest ones without a gap. Never changed in place. */
export interface PaymentList {
  payments: Payment[]
  /** Of the payments after the last one here; null where it is the oldest. */
  nextCursor: string | null
  /** Pages that were asked for. While it is one, the list is the newest page and does not grow with time. */
  pages: number
}

export const emptyPaymentList: PaymentList = { payments: [], nextCursor: null, pages: 1 }

/**
 * Puts the newest page on top. Undefined when it does not reach down to the loaded payments: what came between is not known.
 */
export function withNewestPage(list: PaymentList, page: PaymentPage): PaymentList | undefined {
  if (list.pages === 1 || list.payments.length === 0) {
    return {
      payments: newerRows(list, page.payments),
      nextCursor: page.nextCursor,
      pages: 1,
    }
  }
  const inPage = new Set(page.payments.map(payment => payment.id))
  const rest = list.payments.filter(payment => !inPage.has(payment.id))
  return rest.length < list.payments.length
    ? {
        ...list,
        payments: [
          ...newerRows(list, page.payments),
          ...rest,
        ],
      }
    : undefined
}

/** Appends the page that `list.nextCursor` led to. */
export function withNextPage(list: PaymentList, page: PaymentPage): PaymentList {
  const loaded = new Set(list.payments.map(payment => payment.id))
  const added = page.payments.filter(payment => !loaded.has(payment.id))
  return {
    ...list,
    payments: [
      ...list.payments,
      ...added,
    ],
    nextCursor: page.nextCursor,
  }
}

/** Replaces one payment where it is loaded. */
export function withPayment(list: PaymentList, payment: Payment): PaymentList {
  return {
    ...list,
    payments: list.payments.map(row => row.id === payment.id
      ? newer(row, payment)
      : row),
  }
}

/** Patches what has settled where it is loaded. */
export function withSettled(list: PaymentList, settled: ReadonlyMap<string, PaymentSettled>): PaymentList {
  return {
    ...list,
    payments: list.payments.map(row => settled.has(row.id) // the others stay the same objects, and are not rendered again
      ? {
          ...row,
          ...settled.get(row.id),
        }
      : row),
  }
}

/** The same for payments that a slow answer still calls pending. */
export function withSettledSince(list: PaymentList, settled: ReadonlyMap<string, PaymentSettled>): PaymentList {
  return {
    ...list,
    payments: list.payments.map(row => row.status === 'pending'
      ? {
          ...row,
          ...settled.get(row.id),
        }
      : row),
  }
}

function newerRows(list: PaymentList, payments: Payment[]): Payment[] {
  const known = new Map(list.payments.map(payment => [payment.id, payment]))
  return payments.map(payment => newer(known.get(payment.id), payment))
}

/**
 * An answer may have been on its way while the payment settled: a payment leaves pending once and never comes back.
 * One that is as it was stays the same object, and its row is not rendered again.
 */
function newer(known: Payment | undefined, fetched: Payment): Payment {
  return known && ((known.status !== 'pending' && fetched.status === 'pending') || isSame(known, fetched))
    ? known
    : fetched
}

function isSame(known: Payment, fetched: Payment): boolean {
  return JSON.stringify(known) === JSON.stringify(fetched)
}
