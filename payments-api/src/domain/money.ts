import currencies from './currencies.json' with { type: 'json' }

/** Digits before the decimal point that an amount may have; the database holds the same limit (amount < 1e15). */
const MAX_INTEGER_DIGITS = 15
/** ISO 4217 has no currency with more. */
export const MOST_CURRENCY_DIGITS = 4

export const DEFAULT_CURRENCY = 'USD'

/** The date of the ISO 4217 list that the codes come from. */
export const CURRENCIES_PUBLISHED = currencies.published
/** Codes that are payable today: no funds, metals, units of account or withdrawn codes. */
export const PAYABLE_CURRENCIES = Object.keys(currencies.payable)

const NOT_PAYABLE = new Map(Object.entries(currencies.notPayable))
const DIGITS = new Map([
  ...Object.entries(currencies.payable),
  ...Object.entries(currencies.notPayable).map(([code, { digits }]) => [code, digits] as const),
])
/** Every code that a payment or an account may hold, withdrawn ones included. */
export const KNOWN_CURRENCIES = [...DIGITS.keys()].sort()

/**
 * The decimals of a known currency in ISO 4217: USD 2, JPY 0, KWD 3. Intl is wrong here: it gives 0 for HUF, IDR, COP and
 * others that have 2 in the standard. Returns undefined for an unknown code: no amount in it is parsed or formatted, and a
 * stored amount is shown as stored.
 */
export function currencyDigits(currency: string): number | undefined {
  return DIGITS.get(currency)
}

/** @throws {RangeError} for an unknown code */
export function digitsOf(currency: string): number {
  const digits = currencyDigits(currency)
  if (digits === undefined)
    throw new RangeError(`"${currency}" is not a known currency`)
  return digits
}

/** Why no new payment can be made in a known currency, such as "was withdrawn …"; undefined for a payable one. */
export function whyNotPayable(currency: string): string | undefined {
  return NOT_PAYABLE.get(currency)?.because
}

/** A balance as Postgres wrote it. An account without entries stores a bare 0, which gets the decimals of a known currency. */
export function balanceText(balance: string, currency: string): string {
  const digits = currencyDigits(currency)
  return balance === '0' && digits !== undefined ? formatAmount(0n, digits) : balance
}

export type ParsedAmount
  = | { ok: true, minorUnits: bigint }
    | { ok: false, reason: string }

const DECIMAL = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?$/

/**
 * Reads a decimal number exactly, as minor units of a currency with `digits` decimals: "42.1" with 2 is 4210n.
 * Refuses, with the reason, exponents, words, leading zeros, too many decimals and too many digits.
 */
export function parseAmount(text: string, digits: number): ParsedAmount {
  const match = DECIMAL.exec(text)
  if (!match)
    return { ok: false, reason: 'must be a plain decimal number such as 100.00: no exponent, no sign but -, no leading zeros' }
  const [, sign, integer = '', fraction = ''] = match
  if (integer.length > MAX_INTEGER_DIGITS)
    return { ok: false, reason: `must have at most ${MAX_INTEGER_DIGITS} digits before the decimal point` }
  if (fraction.length > digits) {
    return {
      ok: false,
      reason: digits === 0 ? 'must have no decimals in this currency' : `must have at most ${digits} decimals in this currency`,
    }
  }
  const magnitude = BigInt(integer + fraction.padEnd(digits, '0'))
  return {
    ok: true,
    minorUnits: sign ? -magnitude : magnitude,
  }
}

/** Minor units as a decimal string with all of the currency's decimals: 4210n with 2 digits is "42.10". */
export function formatAmount(minorUnits: bigint, digits: number): string {
  const sign = minorUnits < 0n ? '-' : ''
  const text = (minorUnits < 0n ? -minorUnits : minorUnits).toString().padStart(digits + 1, '0')
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`
}

/** The decimals of an amount as Postgres wrote it, which are those of its currency: "42.10" has 2. */
export function decimalsOf(amount: string): number {
  return amount.split('.')[1]?.length ?? 0
}
