import { cleanTyped } from './clean-typed'
import { formatMoney } from './format-money'
import { subtractDecimals } from './subtract-decimals'

/** What a person typed to find amounts: `100`, `100..200`, `100..`, `..200`, `>100`, `>=100`, `<100` or `<=100`. */
export interface AmountRange {
  /** Decimal strings; both ends belong to the range. */
  from?: string
  to?: string
  /** A sign was typed, so it counts. Without one, 100 means -100 too. */
  signed: boolean
}

const NUMBER = /^[+-]?\d{1,15}(?:\.\d{1,4})?$/
const SPACES = /\s+/g
const MINUS = /[\u2212\uFE63\uFF0D]/g
const ELLIPSIS = /\u2026|\.{3}/g
/** No amount has more decimals than this has, so it leads from "over 100" to "from 100.0001". */
const SMALLEST = '0.0001'

/** Returns a typed range without spaces, with hyphens for its minus signs and two dots for an ellipsis. */
export function cleanAmountRange(text: string): string {
  return cleanTyped(text).replaceAll(SPACES, '').replaceAll(MINUS, '-').replaceAll(ELLIPSIS, '..')
}

/** Reads a range as typed. Undefined if it is none, or if no amount without a sign can be in it. */
export function amountRange(text: string): AmountRange | undefined {
  const range = boundsOf(text)
  const typed = range && Object.values(range)
  if (!range || !typed?.every(bound => NUMBER.test(bound)))
    return undefined
  const signed = /[+-]\d/.test(text)
  if (!signed && typed.some(bound => bound.startsWith('-')))
    return undefined // "<0"
  return { ...Object.fromEntries(Object.entries(range).map(([end, bound]) => [end, bound.replace('+', '')])), signed }
}

function boundsOf(text: string): { from?: string, to?: string } | undefined {
  const [, comparison = '', bound = ''] = /^(>=|<=|>|<)(.*)$/.exec(text) ?? []
  if (comparison && !NUMBER.test(bound))
    return undefined
  switch (comparison) {
    case '>=': return { from: bound }
    case '<=': return { to: bound }
    case '>': return { from: subtractDecimals(bound.replace('+', ''), `-${SMALLEST}`) }
    case '<': return { to: subtractDecimals(bound.replace('+', ''), SMALLEST) }
  }
  const [from, to, ...more] = text.split('..')
  if (more.length > 0 || text === '..')
    return undefined
  return to === undefined
    ? { from, to: from }
    : { ...(from && { from }), ...(to && { to }) }
}

/** Returns the range for GET /payments. What is no range is passed on, for the API to refuse. */
export function amountQuery(text: string): Record<string, string> {
  const { from, to, signed } = amountRange(text) ?? { from: text, signed: false }
  const [fromName, toName] = signed ? ['amountFrom', 'amountTo'] : ['absoluteAmountFrom', 'absoluteAmountTo']
  return { ...(from !== undefined && { [fromName]: from }), ...(to !== undefined && { [toName]: to }) }
}

/** Describes a range in words: "Amount 100", "Amount over 100", "Amount 100 to 200". */
export function describeAmountRange(text: string): string {
  const [, comparison, bound = ''] = /^([<>])([^=].*)$/.exec(text) ?? []
  if (comparison)
    return `Amount ${comparison === '>' ? 'over' : 'under'} ${amountText(bound)}`
  const { from, to, signed } = amountRange(text) ?? {}
  const shown = (amount: string) => amountText(signed && !amount.startsWith('-') ? `+${amount}` : amount)
  if (from !== undefined && to !== undefined)
    return from === to ? `Amount ${shown(from)}` : `Amount ${shown(from)} to ${shown(to)}`
  if (from !== undefined)
    return `Amount from ${shown(from)}`
  return to === undefined ? `Amount ${text}` : `Amount up to ${shown(to)}`
}

function amountText(amount: string): string {
  return amount.startsWith('+') ? `+${formatMoney(amount.slice(1), '')}` : formatMoney(amount, '')
}
