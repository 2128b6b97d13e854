import { z } from 'zod'
import { CURRENCIES_PUBLISHED, currencyDigits, KNOWN_CURRENCIES, PAYABLE_CURRENCIES } from '../domain/money.ts'
import { OUTCOMES, PAYMENT_STATUSES } from '../domain/payment.ts'
import { REFUND_STATUSES } from '../domain/refund.ts'
import { MAX_REFUNDS } from '../sql/find-payment.ts'
import { CURSOR_PATTERN } from './cursor.ts'

/** The named schemas of the OpenAPI document. */
export const named = z.registry<{ id: string }>()

export const AccountId = z.string('must be a string').regex(
  /^[A-Za-z0-9][\w.-]{0,63}$/,
  'must be 1 to 64 letters, digits, ".", "_" or "-", starting with a letter or digit',
).meta({
  examples: ['ACC-001'],
})

/** An account id in a response. It may be a settlement account, which no payment can name. */
export const KnownAccountId = z.string('must be a string').regex(
  /^(?:[A-Za-z0-9][\w.-]{0,63}|settlement:[A-Z]{3}:\d{1,3})$/,
  'must be 1 to 64 letters, digits, ".", "_" or "-", starting with a letter or digit, or a settlement account such as settlement:USD:0',
).meta({
  examples: ['ACC-001'],
})

/** A currency in a response. Its code may have been withdrawn since. */
export const Currency = z.string().meta({
  description: 'ISO 4217 code; withdrawn codes stay on the payments and accounts that have them',
  pattern: '^[A-Z]{3}$',
  examples: ['USD'],
})

const known = z.string('must be a string')
  .refine(code => currencyDigits(code) !== undefined, 'must be an ISO 4217 code in capitals such as "USD"')
/** A currency that payments may have, withdrawn ones included. */
export const KnownCurrency = known.meta({ description: 'ISO 4217 code, or one that was withdrawn', enum: KNOWN_CURRENCIES, examples: ['USD'] })
/** The currency of a new payment. Withdrawn codes pass here: a payment made in one can be replayed. */
export const PaymentCurrency = known.meta({
  description: `Payable ISO 4217 code, from the list of ${CURRENCIES_PUBLISHED}: no funds, metals, units of account or reserved codes`,
  enum: PAYABLE_CURRENCIES,
  examples: ['USD'],
})

/** Decimals that any currency of ISO 4217 may have. */
export const DecimalString = z.string('must be a string')
  .regex(/^-?\d{1,15}(?:\.\d{1,4})?$/, 'must be a plain decimal number such as 100.00')

export const UnsignedDecimalString = z.string('must be a string')
  .regex(/^\d{1,15}(?:\.\d{1,4})?$/, 'must be a plain decimal number without a sign, such as 100.00')

/** Text that Postgres can store: no U+0000 and no lone surrogates, which a pattern cannot exclude in every dialect. */
export function Text(maxCharacters: number): z.ZodString {
  return z.string('must be a string')
    .refine(text => text.isWellFormed(), 'must not contain a lone surrogate')
    .refine(text => !text.includes('\0'), 'must not contain the character U+0000')
    .refine(text => [...text].length <= maxCharacters, `must have at most ${maxCharacters} characters`)
    .meta({ maxLength: maxCharacters, pattern: '^[^\\u0000]*$' })
}

export const Status = z.enum(PAYMENT_STATUSES, `must be one of ${PAYMENT_STATUSES.join(', ')}`)
export const OutcomeName = z.enum(Object.values(OUTCOMES), `must be one of ${Object.values(OUTCOMES).join(', ')}`)

/** A query parameter: a whole number in plain decimal digits, without sign, exponent, space, hexadecimal or leading zero. */
function wholeNumber({ min, max, byDefault }: { min: number, max: number, byDefault: number }): z.ZodType<number, unknown> {
  const error = `must be a whole number from ${min} to ${max}, in decimal digits`
  return z.preprocess(
    text => typeof text === 'string' && /^(?:0|[1-9]\d{0,8})$/.test(text) ? Number(text) : text,
    z.int(error).min(min, error).max(max, error).default(byDefault),
  )
}

/** Rows of a page. */
export const Limit = wholeNumber({ min: 1, max: 200, byDefault: 50 }).describe('Rows of a page')

/** A decimal string in a response, with all decimals of its currency. */
export const Amount = z.string().meta({
  description: 'Decimal string with all decimals of the currency',
  pattern: '^-?[0-9]+([.][0-9]+)?$',
  examples: ['100.00'],
})
export const Instant = z.string().meta({
  format: 'date-time',
  description: 'UTC, with six decimals, or three for a whole millisecond; valid input for at, from and to',
  examples: ['2026-01-31T12:00:00.818512Z'],
})
export const Id = z.string().meta({ format: 'uuid', description: 'UUID version 7: ordered by time' })

export const AcceptedPayment = z.object({
  id: Id,
  accountId: AccountId,
  amount: Amount,
  currency: Currency,
  description: z.string(),
  status: z.literal('pending'),
  createdAt: Instant,
}).register(named, { id: 'AcceptedPayment' })

const paymentFields = {
  id: Id,
  accountId: AccountId,
  amount: Amount,
  currency: Currency,
  description: z.string(),
  status: z.string().meta({
    description: `${PAYMENT_STATUSES.join(', ')}; show an unknown status as it is`,
    examples: ['completed'],
  }),
  jobDead: z.boolean().describe('Its job was given up: the payment stays pending until the job is retried'),
  outcome: z.string().nullable().meta({
    description: `What reconciliation found: ${Object.values(OUTCOMES).join(', ')}; null before that`,
    examples: ['matched'],
  }),
  discrepancyAmount: Amount.nullable().meta({ description: 'What is in dispute; null without a discrepancy' }),
  refundedAmount: Amount.meta({ description: 'The sum of its settled refunds', examples: ['0.00'] }),
  createdAt: Instant,
  updatedAt: Instant,
}
export const Payment = z.object(paymentFields).register(named, { id: 'Payment' })

const { description: reason, refundedAmount: _, ...sharedFields } = paymentFields
export const refundFields = {
  ...sharedFields,
  paymentId: Id.meta({ format: 'uuid', description: 'The payment that it refunds' }),
  reason: reason.describe('As given with the request; empty without one'),
  status: z.string().meta({
    description: `${REFUND_STATUSES.join(', ')}; show an unknown status as it is`,
    examples: ['completed'],
  }),
  jobDead: z.boolean().describe('Its job was given up: the refund stays pending until the job is retried'),
}
export const Refund = z.object(refundFields).register(named, { id: 'Refund' })

const subjectFields = {
  paymentId: Id.meta({ format: 'uuid', description: 'The payment; for a refund, the one that it refunds' }),
  refundId: Id.nullable().meta({ format: 'uuid', description: 'The refund; null for the payment itself' }),
}
export const LedgerEntry = z.object({
  ...subjectFields,
  entryType: z.enum(['credit', 'debit']),
  accountId: KnownAccountId,
  currency: Currency,
  amount: Amount,
  balanceAfter: Amount,
  accountVersion: z.int().min(1).describe('Numbers the entries of an account, without gaps'),
  createdAt: Instant,
}).register(named, { id: 'LedgerEntry' })

export const JobStatus = z.enum(['pending', 'completed', 'dead'], 'must be one of pending, completed, dead')
const jobFields = {
  status: JobStatus,
  attempts: z.int().min(0),
  lastError: z.string().nullable(),
  runAt: Instant.describe('Not before this'),
  lockedBy: z.string().nullable().describe('The worker that settled it, or that last failed to'),
  lockedAt: Instant.nullable(),
  finishedAt: Instant.nullable(),
}
export const ReconJob = z.object({ ...subjectFields, ...jobFields, createdAt: Instant }).register(named, { id: 'ReconJob' })

export const detailFields = {
  idempotencyKey: z.string().describe('The key that it was created with'),
  traceId: z.string().nullable().meta({ description: 'The trace of the request that created it; null without a traceparent, and once its job was pruned', pattern: '^[0-9a-f]{32}$' }),
  reconciliation: z.object({
    status: z.string(),
    matched: z.boolean(),
    discrepancyAmount: Amount,
    notes: z.string().nullable(),
    createdAt: Instant,
  }).nullable(),
  job: z.object(jobFields).nullable().describe('null once a finished job was pruned'),
  entries: z.array(LedgerEntry).describe('The customer\'s first; empty unless it was posted'),
}
export const PaymentDetail = z.object({
  ...paymentFields,
  ...detailFields,
  refundableAmount: Amount.meta({ description: 'What can still be refunded: the amount minus all accepted refunds, settled or not; 0 unless the status is completed or partially_refunded' }),
  refunds: z.array(Refund).describe(`Newest first, at most ${MAX_REFUNDS}`),
  moreRefunds: z.boolean().describe('Whether there are older refunds: get them with GET /refunds?paymentId='),
}).register(named, { id: 'PaymentDetail' })

export const Balance = z.object({
  accountId: KnownAccountId,
  balance: Amount,
  currency: Currency,
}).register(named, { id: 'Balance' })

export const BalanceHistory = z.object({
  points: z.array(z.object({
    accountVersion: z.int().min(1).describe('The number of the account\'s entry'),
    balance: Amount.describe('The balance after that entry'),
    createdAt: Instant.describe('When that entry was posted'),
  })).describe('Oldest first'),
}).register(named, { id: 'BalanceHistory' })

export const Account = z.object({
  id: KnownAccountId,
  currency: Currency,
  balance: Amount,
  entryCount: z.int().min(0),
  createdAt: Instant,
  updatedAt: Instant,
}).register(named, { id: 'Account' })

/** A page of a list. */
export function pageOf<Item extends z.ZodType>(name: string, item: Item): z.ZodObject {
  return z.object({
    [name]: z.array(item),
    nextCursor: z.string().meta({ pattern: CURSOR_PATTERN }).nullable().describe('Pass it as cursor to get the next page; null on the last page'),
  })
}

export const Problem = z.object({
  type: z.string().meta({
    examples: ['/problems/validation'],
  }),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string(),
  instance: z.string().describe('The request\'s id in our log'),
  errors: z.array(z.object({
    pointer: z.string().optional().describe('JSON pointer to a field of the body'),
    parameter: z.string().optional().describe('A path or query parameter'),
    detail: z.string(),
  })).optional(),
  paymentStatus: z.string().optional().describe('The status of the payment that cannot be refunded so'),
  left: Amount.optional().meta({ description: 'What can still be refunded of it' }),
}).register(named, { id: 'Problem' })

export const Health = z.object({
  status: z.literal('ok'),
})
export const Ready = z.object({
  status: z.literal('ready'),
})
