import type { PaymentStatus } from './payment.ts'
import type { AcceptedRefund, NewRefund, RefundRequest } from './refund.ts'
import type { KeyHolder } from './write-payments.ts'
import { decimalsOf, formatAmount, parseAmount } from './money.ts'
import { refundHash } from './request-hash.ts'
import { timeOfUuidv7, uuidv7 } from './uuidv7.ts'

/** The outcome of a request; the HTTP layer must respond to each kind. */
export type RefundResult
  = | { kind: 'created', refund: AcceptedRefund }
    | { kind: 'replayed', refund: AcceptedRefund }
    | { kind: 'idempotency-key-reused' }
    /** Another write with this key neither committed nor rolled back within the database's lock_timeout. */
    | { kind: 'idempotency-key-in-use' }
    /** There is no such payment, or the id is that of a refund. */
    | { kind: 'payment-not-found', isRefund: boolean }
    /** Its status forbids refunds, or its refunds, queued ones included, leave nothing. `left` is a decimal string of zero. */
    | { kind: 'payment-not-refundable', paymentStatus: PaymentStatus, left: string }
    /** `left` is a decimal string, and less than the request's amount. */
    | { kind: 'refund-exceeds-payment', paymentStatus: PaymentStatus, left: string, currency: string }
    | { kind: 'amount-refused', because: string }

/** What the database made of a new refund. Amounts are decimal strings. */
export type WrittenRefund
  = | { outcome: 'created', amount: string, currency: string, accountId: string }
    /** A payment or refund, perhaps this very one, holds the key. */
    | { outcome: 'key-held' }
    | { outcome: 'not-found' }
    | { outcome: 'not-refundable', paymentStatus: PaymentStatus }
    | { outcome: 'exceeds', paymentStatus: PaymentStatus, left: string, currency: string }

export interface RequestRefundDeps {
  /** The amount of a payment or refund as a decimal string, and whether it is a refund; undefined for an unknown id. */
  findTarget: (paymentId: string) => Promise<{ amount: string, isRefund: boolean } | undefined>
  write: (refund: NewRefund) => Promise<WrittenRefund | 'idempotency-key-in-use'>
  /** Finds the payment or refund that holds the key. */
  findByKey: (key: { caller: string, idempotencyKey: string }) => Promise<KeyHolder | undefined>
}

/**
 * Refunds payments, at most once per idempotency key, forever, and never more than was paid. Payments and refunds share one
 * namespace of keys. A key that is held wins over every other outcome, so a refund is replayed also when nothing is left.
 * @throws {OverloadedError} when too many refunds are waiting, or have waited too long
 */
export function requestRefunds({ findTarget, write, findByKey }: RequestRefundDeps): (request: RefundRequest) => Promise<RefundResult> {
  return async (request) => {
    // A replay never waits for a write: another refund of the payment may be waiting for its lock.
    const [payment, earlier] = await Promise.all([findTarget(request.paymentId), findByKey(request)])
    if (!payment || payment.isRefund) {
      return earlier ? { kind: 'idempotency-key-reused' } : { kind: 'payment-not-found', isRefund: payment !== undefined }
    }
    const decimals = decimalsOf(payment.amount)
    const amount = amountOf(request, decimals)
    if (amount !== null && typeof amount === 'object')
      return { kind: 'amount-refused', because: amount.reason }

    const refund = newRefund(request, amount)
    if (earlier)
      return resultFor(refund, earlier)
    const written = await write(refund)
    if (written === 'idempotency-key-in-use')
      return { kind: 'idempotency-key-in-use' }
    switch (written.outcome) {
      case 'created':
        return { kind: 'created', refund: acceptedRefund(refund, { id: refund.id, createdAt: refund.createdAt, ...written }) }
      case 'key-held': {
        const holder = await findByKey(refund)
        if (!holder)
          throw new Error(`refund ${refund.id} was not written although nothing holds its idempotency key`)
        return resultFor(refund, holder)
      }
      case 'not-found':
        return { kind: 'payment-not-found', isRefund: false }
      case 'not-refundable':
        return { kind: 'payment-not-refundable', paymentStatus: written.paymentStatus, left: formatAmount(0n, decimals) }
      case 'exceeds':
        return { kind: 'refund-exceeds-payment', paymentStatus: written.paymentStatus, left: written.left, currency: written.currency }
    }
  }
}

function amountOf({ amount }: RefundRequest, decimals: number): string | null | { reason: string } {
  if (amount === undefined)
    return null
  const parsed = parseAmount(amount, decimals)
  return parsed.ok ? formatAmount(parsed.minorUnits, decimals) : { reason: parsed.reason }
}

function newRefund({ amount: _, ...request }: RefundRequest, amount: string | null): NewRefund {
  const id = uuidv7()
  return { ...request, id, amount, createdAt: timeOfUuidv7(id) }
}

/** The holder of the key is this very refund if its first write was committed and its response lost. */
function resultFor(refund: NewRefund, holder: KeyHolder): RefundResult {
  if (holder.id === refund.id)
    return { kind: 'created', refund: acceptedRefund(refund, holder) }
  const hash = refundHash({ paymentId: refund.paymentId, amount: refund.amount ?? holder.amount, isRest: refund.amount === null, reason: refund.reason })
  return holder.requestHash.equals(hash) ? { kind: 'replayed', refund: acceptedRefund(refund, holder) } : { kind: 'idempotency-key-reused' }
}

function acceptedRefund({ paymentId, reason }: NewRefund, { id, accountId, amount, currency, createdAt }: Pick<KeyHolder, 'id' | 'accountId' | 'amount' | 'currency' | 'createdAt'>): AcceptedRefund {
  return { id, paymentId, accountId, amount, currency, reason, createdAt }
}
