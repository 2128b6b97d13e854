import type { AcceptedPayment, NewPayment } from './payment.ts'
import { currencyDigits, formatAmount } from './money.ts'
import { requestHash } from './request-hash.ts'
import { singleFlight } from './single-flight.ts'
import { timeOfUuidv7, uuidv7 } from './uuidv7.ts'

/** A request that is well-formed and within the rules that need no database. */
export interface PaymentRequest {
  caller: string
  idempotencyKey: string
  accountId: string
  minorUnits: bigint
  currency: string
  description: string
  traceparent: string | null
}

/** What became of a request; the HTTP layer must answer each. */
export type CreateResult
  = | { kind: 'created', payment: AcceptedPayment }
    | { kind: 'replayed', payment: AcceptedPayment }
    | { kind: 'key-reused' }
    /** A rival's write with this key has neither committed nor rolled back within the database's lock_timeout. */
    | { kind: 'key-in-use' }
    | { kind: 'currency-mismatch', accountCurrency: string }

/** A payment that holds an idempotency key, with the hash of the request that made it. */
export type KeyHolder = AcceptedPayment & { requestHash: Buffer }

export interface CreatePaymentDeps {
  /** Writes a payment and its job, or answers who has its key: a payment, or a write that has not ended. */
  write: (payment: NewPayment) => Promise<KeyHolder | 'in-use'>
  findByKey: (caller: string, idempotencyKey: string) => Promise<KeyHolder | undefined>
  /** The account's currency; undefined for an account that was never seen. */
  findCurrency: (accountId: string) => Promise<string | undefined>
  /** Opens the account unless it exists; answers the account's currency either way. */
  openAccount: (accountId: string, currency: string) => Promise<string>
}

/** Accounts whose currency is remembered. An account's currency never changes, so what is remembered is never stale. */
const MAX_KNOWN_ACCOUNTS = 100_000

/**
 * Creates payments, each idempotency key at most one, for ever.
 * Source: draft-ietf-httpapi-idempotency-key-header, with Stripe's replay of the first answer.
 */
export function createPayments(deps: CreatePaymentDeps): (request: PaymentRequest) => Promise<CreateResult> {
  const knownCurrencies = new Map<string, string>()
  const findByKey = singleFlight(deps.findByKey)
  const findCurrency = singleFlight(deps.findCurrency)
  const openAccount = singleFlight(deps.openAccount)

  function remember(accountId: string, currency: string): void {
    if (knownCurrencies.has(accountId))
      return
    if (knownCurrencies.size >= MAX_KNOWN_ACCOUNTS)
      knownCurrencies.clear()
    knownCurrencies.set(accountId, currency)
  }

  return async (request) => {
    const { caller, idempotencyKey, accountId } = request
    const hash = requestHash(request)

    let currency = knownCurrencies.get(accountId) ?? await findCurrency(accountId)
    if (currency === undefined) {
      // The account does not exist yet, and a key that is taken must not open it.
      const holder = await findByKey(caller, idempotencyKey)
      if (holder)
        return answerFor(holder, hash)
      currency = await openAccount(accountId, request.currency)
    }
    remember(accountId, currency)
    if (currency !== request.currency) {
      const holder = await findByKey(caller, idempotencyKey)
      return holder ? answerFor(holder, hash) : { kind: 'currency-mismatch', accountCurrency: currency }
    }

    const id = uuidv7()
    const holder = await deps.write({
      id,
      caller,
      idempotencyKey,
      requestHash: hash,
      accountId,
      amount: formatAmount(request.minorUnits, currencyDigits(request.currency) ?? 0),
      currency: request.currency,
      description: request.description,
      createdAt: timeOfUuidv7(id),
      traceparent: request.traceparent,
    })
    if (holder === 'in-use')
      return { kind: 'key-in-use' }
    return holder.id === id ? { kind: 'created', payment: holder } : answerFor(holder, hash)
  }
}

function answerFor(holder: KeyHolder, hash: Buffer): CreateResult {
  return holder.requestHash.equals(hash) ? { kind: 'replayed', payment: holder } : { kind: 'key-reused' }
}
