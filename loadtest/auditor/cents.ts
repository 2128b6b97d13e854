/** Converts an amount with two decimals; all payments of load tests are in USD. */
export function cents(amount: string): bigint {
  return BigInt(amount.replace('.', ''))
}

/** Formats cents as an amount with two decimals. */
export function formatCents(amount: bigint): string {
  const digits = String(amount < 0n ? -amount : amount).padStart(3, '0')
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}
