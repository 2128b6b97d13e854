import { z } from 'zod'
import { MOST_CURRENCY_DIGITS, parseAmount } from '../domain/money.ts'
import { JsonNumber } from './json-number.ts'
import { named, Text } from './schemas.ts'

/** The reason is stored as the description of the refund, and has the same limit. */
const MAX_REASON_CHARACTERS = 500

const Amount = z.union(
  [
    z.string().meta({ pattern: '^(?!0(?:[.]0+)?$)(?:0|[1-9][0-9]{0,14})(?:[.][0-9]{1,4})?$' }),
    z.instanceof(JsonNumber).meta({ type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1e15 }).transform(number => number.source),
  ],
  'must be a number or a decimal string such as "100.00"',
).superRefine((amount, { addIssue }) => {
  const parsed = parseAmount(amount, MOST_CURRENCY_DIGITS)
  if (!parsed.ok)
    addIssue(parsed.reason)
  else if (parsed.minorUnits <= 0n)
    addIssue('must be greater than 0')
}).meta({
  description: 'At most 15 digits before the decimal point, and at most as many after it as the payment\'s currency has; no exponent. All that is left of the payment by default',
  examples: ['25.00'],
})

/** The body of POST /payments/{id}/refunds. The amount stays text until the payment, and so its currency, is known. */
export const CreateRefund = z.strictObject({
  amount: Amount.optional(),
  reason: Text(MAX_REASON_CHARACTERS).default('').meta({ description: 'Stored and shown with the refund', examples: ['Returned goods'] }),
}, 'must be a JSON object').register(named, { id: 'CreateRefund' })
