import { formatMoney } from './format-money'
import { subtractDecimals } from './subtract-decimals'
import { validatePaymentField } from './validate-payment-field'

/** What can be refunded of a payment. */
export interface Refundable {
  /** A decimal string with all decimals of the currency. */
  left: string
  currency: string
}

/**
 * Returns what is wrong with the amount of a refund, to be read after its name, or undefined. `whileTyping` accepts what further
 * typing can complete. This only helps the user: the API decides.
 */
export function validateRefundAmount(amount: string, { left, currency }: Refundable, whileTyping: boolean): string | undefined {
  const malformed = validatePaymentField('amount', amount, whileTyping)
  if (malformed !== undefined || !/^-?\d+(?:\.\d+)?$/.test(amount))
    return malformed
  const decimals = left.split('.')[1]?.length ?? 0
  if ((amount.split('.')[1]?.length ?? 0) > decimals)
    return decimals === 0 ? `must be a whole number: ${currency} has no decimals` : `may have at most ${decimals} decimals in ${currency}`
  if (amount.startsWith('-') || (!whileTyping && isZero(amount)))
    return 'must be more than zero'
  return subtractDecimals(left, amount).startsWith('-')
    ? moreThanIsLeft({ left, currency })
    : undefined
}

/** Why a refund is too high, to be read after the name of its field. */
export function moreThanIsLeft({ left, currency }: Refundable): string {
  return isZero(left)
    ? 'cannot be refunded: nothing is left of the payment'
    : `may be at most ${formatMoney(left, currency)} ${currency}: no more is left of the payment`
}

/** Whether a decimal string is zero. */
export function isZero(decimal: string): boolean {
  return /^-?0+(?:\.0+)?$/.test(decimal)
}
