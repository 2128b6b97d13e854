const DECIMAL = /^-?\d+(?:\.(\d{1,20}))?$/

/**
 * Formats a decimal amount for display: "1234.50" and "USD" give "$1,234.50". Shows exactly the digits that the API sent: Intl
 * gets the string, never a float, and is told how many decimals it has. Omits the code of a currency without an English
 * symbol, because the console shows the code next to every amount.
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
