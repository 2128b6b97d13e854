/** Subtracts decimal strings exactly: "40.00" and "10.00" give "30.00". The result has as many decimals as the longer one. */
export function subtractDecimals(minuend: string, subtrahend: string): string {
  const decimals = Math.max(decimalsOf(minuend), decimalsOf(subtrahend))
  const difference = scaled(minuend, decimals) - scaled(subtrahend, decimals)
  const digits = String(difference < 0n ? -difference : difference).padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  return `${difference < 0n ? '-' : ''}${whole}${decimals > 0 ? `.${digits.slice(-decimals)}` : ''}`
}

function decimalsOf(decimal: string): number {
  return decimal.split('.')[1]?.length ?? 0
}

function scaled(decimal: string, decimals: number): bigint {
  const [whole, fraction = ''] = decimal.split('.')
  return BigInt(whole + fraction.padEnd(decimals, '0'))
}
