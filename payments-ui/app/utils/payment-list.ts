import type { Payment, PaymentPage } from '#shared/types/payment'
import type { PaymentSettled } from '#shared/types/payment-settled'

/** The loaded payments: the newest ones, without a gap. Immutable. */
export interface PaymentList {
  payments: Payment[]
  /** The cursor after the last payment; null if it is the oldest. */
  nextCursor: string | null
  /** Pages requested. While this is 1, the list is just the newest page and does not grow. */
  pages: number
}

export const emptyPaymentList: PaymentList = { payments: [], nextCursor: null, pages: 1 }

/**
 * Puts the newest page on top. Returns undefined if the page does not reach the loaded payments, which would leave a gap.
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

/** Appends the page at `list.nextCursor`. */
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

/** Replaces a payment if it is loaded. */
export function withPayment(list: PaymentList, payment: Payment): PaymentList {
  return {
    ...list,
    payments: list.payments.map(row => row.id === payment.id
      ? newer(row, payment)
      : row),
  }
}

/** Patches the loaded payments that have settled. */
export function withSettled(list: PaymentList, settled: ReadonlyMap<string, PaymentSettled>): PaymentList {
  return {
    ...list,
    payments: list.payments.map(row => settled.has(row.id) // the other rows stay the same objects, so Vue does not render them again
      ? {
          ...row,
          ...settled.get(row.id),
        }
      : row),
  }
}

/** Patches the payments that a slow response still shows as pending. */
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
 * A payment never returns to pending, so a fetched row that says pending after the known one has settled is stale.
 * An unchanged row stays the same object, so Vue does not render it again.
 */
function newer(known: Payment | undefined, fetched: Payment): Payment {
  return known && ((known.status !== 'pending' && fetched.status === 'pending') || isSame(known, fetched))
    ? known
    : fetched
}

function isSame(known: Payment, fetched: Payment): boolean {
  return JSON.stringify(known) === JSON.stringify(fetched)
}
