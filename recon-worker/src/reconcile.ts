/** The values of reconciliation_results.status. */
export const RESULT_STATUSES = ['completed', 'completed_with_discrepancy', 'failed'] as const
export type ResultStatus = typeof RESULT_STATUSES[number]

/**
 * Every value of payments.status, and why a worker refuses the job of a payment that has it. The one status that it settles has null.
 * compose/test/statuses.test.ts compares the list with the database's.
 */
export const REFUSAL_BY_STATUS = {
  pending: null,
  completed: 'the payment is already completed',
  failed: 'the payment is already failed',
  partially_refunded: 'the payment is already partially refunded',
  refunded: 'the payment is already refunded',
} as const satisfies Record<string, string | null>

export interface Reconciliation {
  resultStatus: ResultStatus
  /** Decimal string with as many decimals as the amount; zero unless there is a discrepancy. */
  discrepancyAmount: string
  /** The reason, for people; null if the amount matched. */
  notes: string | null
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/

/**
 * Applies the rules, in this order:
 * 1. A negative or zero amount fails, and the payment is not posted.
 * 2. An amount whose fraction is exactly .13 completes with a discrepancy of 0.13: 42.13 USD and 10.130 KWD, but not 10.131 KWD.
 * 3. Any other amount matches.
 *
 * @param amount decimal string with all decimals of its currency, as Postgres writes a numeric: "42.13"
 * @throws {RangeError} if the amount is not a decimal number
 */
export function reconcile(amount: string): Reconciliation {
  const match = DECIMAL.exec(amount)
  if (!match)
    throw new RangeError(`"${amount}" is not a decimal number`)
  const [, sign, integer = '', fraction = ''] = match
  const zero = decimal('0', fraction.replaceAll(/\d/g, '0'))

  if (/^0*$/.test(integer + fraction))
    return { resultStatus: 'failed', discrepancyAmount: zero, notes: 'the amount is zero' }
  if (sign)
    return { resultStatus: 'failed', discrepancyAmount: zero, notes: 'the amount is negative' }
  if (/^130*$/.test(fraction)) {
    const discrepancyAmount = decimal('0', fraction)
    return { resultStatus: 'completed_with_discrepancy', discrepancyAmount, notes: `the amount ends in .13: ${discrepancyAmount} is in dispute` }
  }
  return { resultStatus: 'completed', discrepancyAmount: zero, notes: null }
}

function decimal(integer: string, fraction: string): string {
  return fraction ? `${integer}.${fraction}` : integer
}
