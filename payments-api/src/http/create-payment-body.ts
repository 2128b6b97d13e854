import { z } from 'zod'
import { DEFAULT_CURRENCY, digitsOf, MOST_CURRENCY_DIGITS, parseAmount, whyNotPayable } from '../domain/money.ts'
import { JsonNumber } from './json-number.ts'
import { AccountId, named, PaymentCurrency, Text } from './schemas.ts'

const MAX_DESCRIPTION_CHARACTERS = 500

const Amount = z.union(
  [
    z.string().meta({ pattern: '^-?(?:0|[1-9][0-9]{0,14})(?:[.][0-9]{1,4})?$' }),
    z.instanceof(JsonNumber).meta({ type: 'number', exclusiveMinimum: -1e15, exclusiveMaximum: 1e15 }).transform(number => number.source),
  ],
  'must be a number or a decimal string such as "100.00"',
).meta({
  description: 'At most 15 digits before the decimal point, and at most as many after it as the currency has; no exponent. Negative amounts and zero are accepted, and fail when reconciled.',
  examples: ['100.00'],
})

/**
 * The body of POST /payments. A body whose only fault is a currency that is not payable passes: it may repeat a payment
 * made while that currency was payable.
 */
export const CreatePayment = z.strictObject({
  accountId: AccountId,
  amount: Amount,
  currency: PaymentCurrency.default(DEFAULT_CURRENCY),
  description: Text(MAX_DESCRIPTION_CHARACTERS).default(''),
}, 'must be a JSON object')
  .superRefine(checkAmountAndCurrency, { when: () => true }) // also where another field is wrong, so that one response names all
  .transform(({ amount, ...fields }) => {
    const parsed = parseAmount(amount, digitsOf(fields.currency))
    return parsed.ok ? { ...fields, minorUnits: parsed.minorUnits } : z.NEVER
  })
  .register(named, { id: 'CreatePayment' })

/** The rules that join the two fields: an amount has no more decimals than its currency, and the currency is payable. */
function checkAmountAndCurrency(body: { amount: string, currency: string }, { issues, addIssue }: z.core.$RefinementCtx): void {
  if (issues.some(({ code, path }) => code === 'invalid_type' && !path?.length))
    return // not an object
  const isValid = (field: string): boolean => !issues.some(({ path }) => path?.[0] === field)
  const currency = isValid('currency') ? body.currency : undefined
  const because = currency && whyNotPayable(currency)
  if (isValid('amount')) {
    const digits = currency === undefined || because !== undefined ? MOST_CURRENCY_DIGITS : digitsOf(currency)
    const parsed = parseAmount(body.amount, digits)
    if (!parsed.ok)
      addIssue({ code: 'custom', path: ['amount'], message: parsed.reason })
  }
  if (because !== undefined && (issues.length > 0 || !parseAmount(body.amount, digitsOf(currency!)).ok))
    addIssue({ code: 'custom', path: ['currency'], message: because })
}
