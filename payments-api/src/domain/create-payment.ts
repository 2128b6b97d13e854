import type { KnownCurrencies } from './known-currencies.ts'
import type { AcceptedPayment, NewPayment, PaymentRequest } from './payment.ts'
import type { KeyHolder, Written } from './write-payments.ts'
import { digitsOf, formatAmount, whyNotPayable } from './money.ts'
import { requestHash } from './request-hash.ts'
import { timeOfUuidv7, uuidv7 } from './uuidv7.ts'

/** The outcome of a request; the HTTP layer must respond to each kind. */
export type CreateResult
  = | { kind: 'created', payment: AcceptedPayment }
    | { kind: 'replayed', payment: AcceptedPayment }
    | { kind: 'idempotency-key-reused' }
    /** Another write with this key neither committed nor rolled back within the database's lock_timeout. */
    | { kind: 'idempotency-key-in-use' }
    | { kind: 'currency-mismatch', accountCurrency: string }
    /** The code was withdrawn, or is not money. Payments made earlier can still be replayed. */
    | { kind: 'currency-not-payable', because: string }

export interface CreatePaymentDeps {
  /** Writes a payment whose account is known to hold its currency. */
  write: (payment: NewPayment) => Promise<Written | 'idempotency-key-in-use'>
  /** Writes any other payment, and opens its account if needed. */
  writeAndOpen: (payment: NewPayment) => Promise<Written | 'idempotency-key-in-use'>
  /** Finds the payment that holds the key, for a payment that must not be written. */
  findByKey: (payment: NewPayment) => Promise<KeyHolder | undefined>
  currencies: KnownCurrencies
}

/**
 * Creates payments, at most one per idempotency key, forever.
 * Source: draft-ietf-httpapi-idempotency-key-header, with Stripe's replay of the first response.
 * @throws {OverloadedError} when too many payments are waiting, or have waited too long
 */
export function createPayments({ write, writeAndOpen, findByKey, currencies }: CreatePaymentDeps): (request: PaymentRequest) => Promise<CreateResult> {
  return async (request) => {
    const payment = newPayment(request)
    const because = whyNotPayable(payment.currency)
    if (because !== undefined) {
      const holder = await findByKey(payment)
      return holder ? resultFor(payment, holder) : { kind: 'currency-not-payable', because }
    }
    const isKnown = currencies.get(payment.accountId) === payment.currency
    const written = await (isKnown ? write(payment) : writeAndOpen(payment))
    if (written === 'idempotency-key-in-use')
      return { kind: 'idempotency-key-in-use' }
    if ('accountCurrency' in written) {
      currencies.remember(payment.accountId, written.accountCurrency)
      return { kind: 'currency-mismatch', accountCurrency: written.accountCurrency }
    }
    if (!isKnown)
      currencies.remember(written.accountId, written.currency)
    return resultFor(payment, written)
  }
}

function newPayment(request: PaymentRequest): NewPayment {
  const id = uuidv7()
  return {
    id,
    caller: request.caller,
    idempotencyKey: request.idempotencyKey,
    requestHash: requestHash(request),
    accountId: request.accountId,
    amount: formatAmount(request.minorUnits, digitsOf(request.currency)),
    currency: request.currency,
    description: request.description,
    createdAt: timeOfUuidv7(id),
    traceparent: request.traceparent,
  }
}

function resultFor(payment: NewPayment, holder: KeyHolder): CreateResult {
  if (holder.id === payment.id)
    return { kind: 'created', payment: holder }
  return holder.requestHash.equals(payment.requestHash) ? { kind: 'replayed', payment: holder } : { kind: 'idempotency-key-reused' }
}
