import type { FieldError } from './problem.ts'
import { z } from 'zod'
import { DEFAULT_CURRENCY, digitsOf, parseAmount, whyNotPayable } from '../domain/money.ts'
import { JsonNumber } from './json-number.ts'
import { jsonPointer } from './json-pointer.ts'
import { AccountId, named, PaymentCurrency, Text } from './schemas.ts'

const MAX_DESCRIPTION_CHARACTERS = 500

const Amount = z.union(
  [
    z.string().meta({ pattern: '^-?(?:0|[1-9][0-9]{0,14})(?:[.][0-9]{1,4})?$' }),
    z.instanceof(JsonNumber).meta({ type: 'number', exclusiveMinimum: -1e15, exclusiveMaximum: 1e15 }).transform(number => number.source),
  ],
  'must be a number or a decimal string such as "100.00"',
).meta({
  description: 'At most 15 digits before the point and as many after it as the currency has; no exponent. Negative amounts and zero are taken, and fail.',
  examples: ['100.00'],
})

/** The body of POST /payments. */
export const CreatePayment = z.strictObject({
  accountId: AccountId,
  amount: Amount,
  currency: PaymentCurrency.default(DEFAULT_CURRENCY),
  description: Text(MAX_DESCRIPTION_CHARACTERS).default(''),
}, 'must be a JSON object').register(named, { id: 'CreatePayment' })

export type ParsedBody
  = | { ok: true, value: { accountId: string, minorUnits: bigint, currency: string, description: string } }
    | { ok: false, errors: FieldError[] }

/**
 * Checks the body of POST /payments and names all wrong fields at once, with their pointers. A body whose only fault is a
 * currency that is not payable passes: it may repeat a payment made while that currency was payable.
 */
export function parseCreatePaymentBody(json: unknown): ParsedBody {
  const body = CreatePayment.safeParse(json instanceof JsonNumber ? undefined : json) // zod would accept a JsonNumber as an object
  if (body.success) {
    const { accountId, amount, currency, description } = body.data
    const parsed = parseAmount(amount, digitsOf(currency))
    if (parsed.ok)
      return { ok: true, value: { accountId, minorUnits: parsed.minorUnits, currency, description } }
  }
  return {
    ok: false,
    errors: [
      ...(body.error?.issues ?? []).flatMap(issue => toFieldErrors(issue, json)),
      ...amountAndCurrencyErrors(json),
    ],
  }
}

/** ISO 4217 has no currency with more. */
const MOST_CURRENCY_DIGITS = 4
const AmountField = z.object({ amount: CreatePayment.shape.amount })
const CurrencyField = z.object({ currency: CreatePayment.shape.currency })

/** The errors that the schema cannot find in these two fields. They are checked together, whatever else is wrong with the body. */
function amountAndCurrencyErrors(json: unknown): FieldError[] {
  const amount = AmountField.safeParse(json).data?.amount
  const currency = CurrencyField.safeParse(json).data?.currency
  const because = currency && whyNotPayable(currency)
  const digits = currency === undefined || because !== undefined ? MOST_CURRENCY_DIGITS : digitsOf(currency)
  const parsed = amount === undefined ? undefined : parseAmount(amount, digits)
  return [
    ...(parsed?.ok === false ? [{ pointer: '#/amount', detail: parsed.reason }] : []),
    ...(because === undefined ? [] : [{ pointer: '#/currency', detail: because }]),
  ]
}

function toFieldErrors(issue: z.core.$ZodIssue, json: unknown): FieldError[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map(key => ({ pointer: jsonPointer([...issue.path, key]), detail: 'is not a field of a payment' }))
  const [field] = issue.path
  const missing = field !== undefined && (json as Record<PropertyKey, unknown>)[field] === undefined
  return [{ pointer: jsonPointer(issue.path), detail: missing ? 'is required' : issue.message }]
}
