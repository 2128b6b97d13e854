import type { AcceptedPayment, NewPayment } from './payment.ts'
import { inBatches } from './in-batches.ts'
import { currencyDigits, formatAmount } from './money.ts'
import { requestHash } from './request-hash.ts'
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
/** Requests that may look up or open their account at once, each on a connection. */
export const MAX_LOOKUPS = 2

/**
 * Creates payments, each idempotency key at most one, for ever.
 * Source: draft-ietf-httpapi-idempotency-key-header, with Stripe's replay of the first answer.
 * @throws {OverloadedError} when too many wait, or for too long
 */
export function createPayments(deps: CreatePaymentDeps): (request: PaymentRequest) => Promise<CreateResult> {
  const knownCurrencies = new Map<string, string>()
  const checkAccountInTurn = inBatches<PaymentRequest, CreateResult | undefined>(
    { batches: MAX_LOOKUPS, batchSize: 1 },
    async ([next]) => next && checkAccount(next.item).then(next.resolve, next.reject),
  )

  function remember(accountId: string, currency: string): void {
    if (knownCurrencies.has(accountId))
      return
    if (knownCurrencies.size >= MAX_KNOWN_ACCOUNTS)
      knownCurrencies.clear()
    knownCurrencies.set(accountId, currency)
  }

  /** Sees to it that the account is there and holds the currency. Answers the result where the request ends here. */
  async function checkAccount(request: PaymentRequest): Promise<CreateResult | undefined> {
    const { caller, idempotencyKey, accountId } = request
    // Who stood in line before it may have asked the same.
    const currency = knownCurrencies.get(accountId) ?? await deps.findCurrency(accountId)
    if (currency !== undefined)
      remember(accountId, currency)
    if (currency === request.currency)
      return undefined
    // A key that is taken has its answer, and must not open an account.
    const holder = await deps.findByKey(caller, idempotencyKey)
    if (holder)
      return answerFor(holder, requestHash(request))
    if (currency !== undefined)
      return { kind: 'currency-mismatch', accountCurrency: currency }
    remember(accountId, await deps.openAccount(accountId, request.currency))
    return checkAccount(request) // a rival may have opened it with another currency
  }

  return async (request) => {
    if (knownCurrencies.get(request.accountId) !== request.currency) {
      const result = await checkAccountInTurn(request)
      if (result)
        return result
    }
    const id = uuidv7()
    const hash = requestHash(request)
    const holder = await deps.write({
      id,
      caller: request.caller,
      idempotencyKey: request.idempotencyKey,
      requestHash: hash,
      accountId: request.accountId,
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
