import { data } from 'currency-codes'

/** Digits before the decimal point that an amount may have; the database holds the same limit (amount < 1e15). */
export const MAX_INTEGER_DIGITS = 15

export const DEFAULT_CURRENCY = 'USD'

const DIGITS = new Map(data.map(({ code, digits }) => [code, digits]))

/**
 * How many decimals a currency has by ISO 4217: USD 2, JPY 0, KWD 3; undefined for a code that is not in the standard.
 * From a data package and not from Intl, which says 0 for HUF, IDR, COP and others where the standard says 2.
 */
export function currencyDigits(currency: string): number | undefined {
  return DIGITS.get(currency)
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
