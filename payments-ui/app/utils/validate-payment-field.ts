import type { PaymentRequest } from '#shared/types/payment'
import { isAccountId } from './is-account-id'

const AMOUNT = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/
/** The start of an amount: "-", "12.". */
const PARTIAL_AMOUNT = /^-?(?:0|[1-9]\d*)?(?:\.\d*)?$/
const MAX_INTEGER_DIGITS = 15
const MAX_DESCRIPTION = 500

/**
 * Returns what is wrong with a field, to be read after its name, or undefined. `whileTyping` accepts what further typing can
 * complete. This only helps the user: the API decides, and the form sends whatever was typed.
 */
export function validatePaymentField(field: keyof PaymentRequest, value: string, whileTyping: boolean): string | undefined {
  switch (field) {
    case 'accountId': return validateAccount(value, whileTyping)
    case 'amount': return validateAmount(value, whileTyping)
    case 'currency': return validateCurrency(value, whileTyping)
    case 'description': return [...value].length > MAX_DESCRIPTION
      ? `may have at most ${MAX_DESCRIPTION} characters; it has ${[...value].length}`
      : undefined
  }
}

function validateAccount(value: string, whileTyping: boolean): string | undefined {
  if (value === '') {
    return whileTyping
      ? undefined
      : 'is required'
  }
  return isAccountId(value)
    ? undefined
    : 'must be at most 64 letters, digits, ".", "_" or "-", and start with a letter or digit'
}

function validateAmount(value: string, whileTyping: boolean): string | undefined {
  if (whileTyping && PARTIAL_AMOUNT.test(value) && !tooLong(value))
    return undefined
  if (value === '')
    return 'is required'
  if (value.includes(','))
    return 'must have a decimal point and no thousands separator, such as 1234.50'
  if (!AMOUNT.test(value))
    return 'must be a plain decimal number, such as 100.00'
  return tooLong(value)
    ? `may have at most ${MAX_INTEGER_DIGITS} digits before the decimal point`
    : undefined
}

function tooLong(amount: string): boolean {
  return amount.replace('-', '').split('.')[0]!.length > MAX_INTEGER_DIGITS
}

function validateCurrency(value: string, whileTyping: boolean): string | undefined {
  const isPartial = whileTyping && /^[A-Z]{0,2}$/.test(value)
  return isPartial || /^[A-Z]{3}$/.test(value)
    ? undefined
    : 'must be three capital letters, such as USD'
}
