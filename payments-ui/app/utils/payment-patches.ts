import type { Payment } from '#shared/types/payment'
import type { PaymentSettled } from '#shared/types/payment-settled'
import { unlessSame } from './loaded-rows'
import { subtractDecimals } from './subtract-decimals'

/** Chooses between a loaded payment and the same one as fetched. A payment goes forward only, so a fetched one that lags behind is stale. */
export function newerPayment(known: Payment, fetched: Payment): Payment {
  const ahead = stageOf(known) - stageOf(fetched)
  return ahead > 0 || (ahead === 0 && isLess(fetched.refundedAmount, known.refundedAmount))
    ? known
    : unlessSame(known, fetched)
}

/** How far a payment has come: it settles, is refunded in part, and then in full. A status that is not known has settled. */
function stageOf({ status }: Pick<Payment, 'status'>): number {
  switch (status) {
    case 'pending': return 0
    case 'partially_refunded': return 2
    case 'refunded': return 3
    default: return 1
  }
}

function isLess(amount: string | null, other: string | null): boolean {
  return amount !== null && other !== null && subtractDecimals(amount, other).startsWith('-')
}

/** Replaces a payment if it is loaded. */
export function withPayment(payments: Payment[], payment: Payment): Payment[] {
  return payments.map(row => row.id === payment.id ? newerPayment(row, payment) : row)
}

/** Adds an event to those that are remembered, one for each payment: that of a refund leaves the outcome as it is. */
export function rememberSettled(settled: Map<string, PaymentSettled>, event: PaymentSettled): void {
  settled.set(event.id, { ...settled.get(event.id), ...event })
}

/** Patches the payments that have settled or were refunded. The other rows stay the same objects, so that Vue does not render them again. */
export function withSettled(payments: Payment[], settled: ReadonlyMap<string, PaymentSettled>): Payment[] {
  return payments.map(row => patch(row, settled.get(row.id), 0))
}

/** Patches the payments that a slow response still shows as they were before. */
export function withSettledSince(payments: Payment[], settled: ReadonlyMap<string, PaymentSettled>): Payment[] {
  return payments.map(row => patch(row, settled.get(row.id), 1))
}

/** Patches a payment that an event is at least this many stages ahead of. The event lacks what was refunded. */
function patch(payment: Payment, event: PaymentSettled | undefined, stagesAhead: number): Payment {
  if (!event || stageOf(event) - stageOf(payment) < stagesAhead)
    return payment
  const { refundId, ...changed } = event
  return { ...payment, ...changed, ...(refundId !== undefined && { refundedAmount: null }) }
}
