import type { FieldError } from './problem.ts'
import { z } from 'zod'
import { currencyDigits, DEFAULT_CURRENCY, parseAmount } from '../domain/money.ts'
import { JsonNumber } from './json-number.ts'
import { jsonPointer } from './json-pointer.ts'
import { AccountId, Currency, named, Text } from './schemas.ts'

const MAX_DESCRIPTION_CHARACTERS = 500

const Amount = z.union(
  [
    z.string(),
    z.instanceof(JsonNumber).meta({ type: 'number' }).transform(number => number.source),
  ],
  'must be a number or a decimal string such as "100.00"',
).meta({
  description: 'At most 15 digits before the point and as many after it as the currency has; no exponent. Negative amounts and zero are taken, and fail.',
  example: '100.00',
})

/** The body of POST /payments. */
export const CreatePayment = z.strictObject({
  accountId: AccountId,
  amount: Amount,
  currency: Currency.default(DEFAULT_CURRENCY),
  description: Text(MAX_DESCRIPTION_CHARACTERS).default(''),
}, 'must be a JSON object').register(named, { id: 'CreatePayment' })

export type ParsedBody
  = | { ok: true, value: { accountId: string, minorUnits: bigint, currency: string, description: string } }
    | { ok: false, errors: FieldError[] }

/** Checks the body of POST /payments: every field that is wrong is told at once, with its pointer. */
export function parseCreatePaymentBody(json: unknown): ParsedBody {
  const body = CreatePayment.safeParse(json)
  const amount = body.success ? parseAmount(body.data.amount, currencyDigits(body.data.currency) ?? 0) : parseAmountAlone(json)
  if (body.success && amount?.ok) {
    const { accountId, currency, description } = body.data
    return {
      ok: true,
      value: {
        accountId,
        minorUnits: amount.minorUnits,
        currency,
        description,
      },
    }
  }
  return {
    ok: false,
    errors: [
      ...(body.success ? [] : body.error.issues.flatMap(issue => toFieldErrors(issue, json))),
      ...(amount && !amount.ok
        ? [
            { pointer: '#/amount', detail: amount.reason },
          ]
        : []),
    ],
  }
}

/** ISO 4217 has no currency with more. */
const MOST_CURRENCY_DIGITS = 4
const AmountField = z.object({ amount: CreatePayment.shape.amount })
const CurrencyField = z.object({ currency: CreatePayment.shape.currency })

/** Judges the amount of a body that has other faults, so that all are told at once. */
function parseAmountAlone(json: unknown): ReturnType<typeof parseAmount> | undefined {
  const { data: amount } = AmountField.safeParse(json)
  const { data: currency } = CurrencyField.safeParse(json)
  const digits = currency && currencyDigits(currency.currency)
  return amount && parseAmount(amount.amount, digits ?? MOST_CURRENCY_DIGITS)
}

function toFieldErrors(issue: z.core.$ZodIssue, json: unknown): FieldError[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map(key => ({ pointer: jsonPointer([...issue.path, key]), detail: 'is not a field of a payment' }))
  const [field] = issue.path
  const missing = field !== undefined && (json as Record<PropertyKey, unknown>)[field] === undefined
  return [{ pointer: jsonPointer(issue.path), detail: missing ? 'is required' : issue.message }]
}
