const DECIMAL = /^(-?)(\d+)(\.\d{1,20})?$/
const MINUS = '\u2212'

/** The symbols that people know without their country. The console shows the code next to every amount. */
const SYMBOLS: Record<string, string> = { USD: '$', EUR: '€', GBP: '£', JPY: '¥', INR: '₹', BRL: 'R$' }

/**
 * Formats a decimal amount for display: "-1234.50" and "USD" give "−$1,234.50". Shows exactly the digits that the API sent. Does
 * not use Intl, because its data differs between the server and the browsers, and both must render the same text.
 */
export function formatMoney(amount: string, currency: string): string {
  const match = DECIMAL.exec(amount)
  if (!match)
    return amount
  const [, sign, whole, fraction = ''] = match
  const symbol = Object.hasOwn(SYMBOLS, currency)
    ? SYMBOLS[currency]
    : ''
  return `${sign && MINUS}${symbol}${whole!.replaceAll(/\B(?=(?:\d{3})+$)/g, ',')}${fraction}`
}
