import type { PaymentRequest } from '#shared/types/payment'
import { isAccountId } from './is-account-id'

const AMOUNT = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/
/** What may yet become an amount: "-", "12.". */
const BEGUN_AMOUNT = /^-?(?:0|[1-9]\d*)?(?:\.\d*)?$/
const MAX_INTEGER_DIGITS = 15
const MAX_DESCRIPTION = 500

/**
 * What is wrong with a field, in the words that follow its name, or undefined. `whileTyping` lets pass what more typing can
 * mend. It is a help and not a gate: the API has the rules, and judges what is sent.
 */
export function validatePaymentField(field: keyof PaymentRequest, value: string, whileTyping: boolean): string | undefined {
  switch (field) {
    case 'accountId': return validateAccount(value, whileTyping)
    case 'amount': return validateAmount(value, whileTyping)
    case 'currency': return validateCurrency(value, whileTyping)
    case 'description': return [...value].length > MAX_DESCRIPTION
      ? `may have ${MAX_DESCRIPTION} characters; these are ${[...value].length}`
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
    : 'has letters, digits, ".", "_" and "-", at most 64, and begins with a letter or a digit'
}

function validateAmount(value: string, whileTyping: boolean): string | undefined {
  if (whileTyping && BEGUN_AMOUNT.test(value) && !tooLong(value))
    return undefined
  if (value === '')
    return 'is required'
  if (value.includes(','))
    return 'has a point before its decimals and nothing between thousands, such as 1234.50'
  if (!AMOUNT.test(value))
    return 'is a plain decimal number, such as 100.00'
  return tooLong(value)
    ? `has at most ${MAX_INTEGER_DIGITS} digits before the point`
    : undefined
}

function tooLong(amount: string): boolean {
  return amount.replace('-', '').split('.')[0]!.length > MAX_INTEGER_DIGITS
}

function validateCurrency(value: string, whileTyping: boolean): string | undefined {
  const isBegun = whileTyping && /^[A-Z]{0,2}$/.test(value)
  return isBegun || /^[A-Z]{3}$/.test(value)
    ? undefined
    : 'is a code of three capital letters, such as USD'
}
