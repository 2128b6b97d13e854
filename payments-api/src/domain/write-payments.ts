import type { AcceptedPayment, NewPayment } from './payment.ts'

/** The payment that holds an idempotency key, with the hash of the request that made it. */
export type KeyHolder = AcceptedPayment & { requestHash: Buffer }

/** The holder of the payment's key, which is this payment (same id) or an earlier one; or the account's currency, if it differs. */
export type Written = KeyHolder | { accountCurrency: string }

type CurrencyOf = (accountId: string) => string | undefined

export interface WritePaymentsDeps {
  /** Writes the payments whose keys are free and returns their ids, or writes none: an account has another currency. */
  insert: (payments: NewPayment[], openAccounts: boolean) => Promise<Set<string> | 'other-currency'>
  findByKey: (payments: NewPayment[]) => Promise<{ find: (payment: NewPayment) => KeyHolder | undefined }>
  /** The currencies of the accounts that exist, by account id. */
  findCurrencies: (accountIds: string[]) => Promise<Map<string, string>>
  /** Resolves once everything read so far is as durable as our own commits. */
  confirm: () => Promise<void>
  /** The remembered currency of an account; undefined for an account that is not remembered. */
  currencyOf: CurrencyOf
}

/**
 * Writes a batch and, with `openAccounts`, opens the accounts that it needs. Returns the outcome of each payment, in order. Some
 * outcomes, never all, may be undefined: write those payments again. Either an account's currency depends on payments that were
 * not created, or a statement failed after other payments of the batch were created.
 */
export type WritePayments = (payments: NewPayment[], openAccounts: boolean) => Promise<(Written | undefined)[]>

export function paymentWriter({ insert, findByKey, findCurrencies, confirm, ...remembered }: WritePaymentsDeps): WritePayments {
  return (payments, openAccounts) => write(payments, openAccounts, snapshot(payments, remembered.currencyOf))

  async function write(payments: NewPayment[], openAccounts: boolean, currencyOf: CurrencyOf): Promise<(Written | undefined)[]> {
    const writable = withoutMismatches(payments, currencyOf)
    const created = writable.length > 0 ? await insert(writable, openAccounts) : new Set<string>()
    if (created === 'other-currency') { // a concurrent write opened one of the accounts, so its currency is known now
      const found = await findCurrencies(payments.map(({ accountId }) => accountId))
      return write(payments, openAccounts, accountId => found.get(accountId))
    }
    if (created.size === payments.length)
      return payments

    try {
      return await withHolders(payments, created, currencyOf)
    }
    catch (error) {
      if (created.size === 0)
        throw error
      return payments.map(payment => created.has(payment.id) ? payment : undefined) // what is committed must not be reported as failed
    }
  }

  /** The outcomes of a batch of which only some payments were created. */
  async function withHolders(payments: NewPayment[], created: Set<string>, currencyOf: CurrencyOf): Promise<(Written | undefined)[]> {
    const opened = new Map(payments.filter(({ id }) => created.has(id)).map(({ accountId, currency }) => [accountId, currency]))
    const currencyNow: CurrencyOf = accountId => opened.get(accountId) ?? currencyOf(accountId)
    const holders = await findByKey(payments.filter(({ id }) => !created.has(id)))
    await confirm() // rows that this write did not create may be committed on one machine only
    // If the key of a new account's first payment was used, the account's currency is still open for the others.
    const results = payments.map(payment => created.has(payment.id) ? payment : holders.find(payment) ?? mismatch(payment, currencyNow))
    if (results.every(result => result === undefined))
      throw new Error(`payment ${payments[0]!.id} was not inserted although no payment holds its idempotency key`)
    return results
  }
}

/** The currencies as they are now: a remembered one may be forgotten before the write ends. */
function snapshot(payments: NewPayment[], currencyOf: CurrencyOf): CurrencyOf {
  const currencies = new Map(payments.map(({ accountId }) => [accountId, currencyOf(accountId)]))
  return accountId => currencies.get(accountId)
}

/** A new account gets the currency of its first payment. */
function withoutMismatches(payments: NewPayment[], currencyOf: CurrencyOf): NewPayment[] {
  const currencies = new Map<string, string>()
  return payments.filter(({ accountId, currency }) => {
    const accountCurrency = currencies.get(accountId) ?? currencyOf(accountId) ?? currency
    currencies.set(accountId, accountCurrency)
    return accountCurrency === currency
  })
}

function mismatch({ accountId, currency }: NewPayment, currencyOf: CurrencyOf): Written | undefined {
  const accountCurrency = currencyOf(accountId)
  return accountCurrency === undefined || accountCurrency === currency ? undefined : { accountCurrency }
}
