const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const fine = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 })

/** Formats a figure with as many digits as matter: "1,234", "12", "3.4", "0.05". */
export function formatRate(value: number): string {
  return value >= 10 ? whole.format(value) : fine.format(value)
}

/** Formats milliseconds for a headline: "8 ms", "1.4 s". */
export function formatMilliseconds(value: number): string {
  return value < 1_000 ? `${formatRate(value)} ms` : `${fine.format(value / 1_000)} s`
}
