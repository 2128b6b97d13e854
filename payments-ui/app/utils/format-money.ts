const DECIMAL = /^-?\d+(?:\.(\d{1,20}))?$/

/**
 * A decimal amount as people read it: "1234.50" and "USD" are "$1,234.50". Every digit that the API sent is shown, and no
 * other: the text itself goes to Intl, which takes it exactly, and its own count of decimals is asked for.
 * A currency without a symbol in English gets none; the code stands beside the amount anyway.
 */
export function formatMoney(amount: string, currency: string): string {
  const match = DECIMAL.exec(amount)
  if (!match)
    return amount
  const digits = match[1]?.length ?? 0
  return moneyFormat(currency, digits)
    .formatToParts(amount as Intl.StringNumericLiteral)
    .filter((part, index, parts) => !isCode(part) && !(part.type === 'literal' && isCode(parts[index - 1])))
    .map(part => part.value)
    .join('')

  function isCode(part?: Intl.NumberFormatPart) {
    return part?.type === 'currency' && part.value === currency
  }
}

const formats = new Map<string, Intl.NumberFormat>()

function moneyFormat(currency: string, digits: number): Intl.NumberFormat {
  const key = `${currency} ${digits}`
  const format = formats.get(key) ?? new Intl.NumberFormat('en', {
    ...(/^[A-Z]{3}$/.test(currency) && { style: 'currency', currency, currencyDisplay: 'narrowSymbol' }),
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  formats.set(key, format)
  return format
}
