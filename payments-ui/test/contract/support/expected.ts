import type { Account, LedgerEntry } from '../../../shared/types/account.ts'
import type { Balance } from '../../../shared/types/balance.ts'
import type { PaymentDetail, SettlementDetail } from '../../../shared/types/payment-detail.ts'
import type { AcceptedPayment, Payment } from '../../../shared/types/payment.ts'
import type { Problem } from '../../../shared/types/problem.ts'
import type { Job, ReconJob } from '../../../shared/types/recon-job.ts'
import type { AcceptedRefund, Refund, RefundDetail } from '../../../shared/types/refund.ts'
import { Matchers } from '@pact-foundation/pact'

const { equal, fromProviderState, integer, nullValue, regex, string, uuid } = Matchers

// Values that the console switches on must be equal. The API may have others, which the console shows under their plain names.

/**
 * An expectation for each field of a type in shared/types, which lists the fields that the console reads, and for no other.
 * Adding or removing a field there without doing so here fails the type check.
 */
export type Reads<Body> = Record<keyof Body, unknown>

export const PAYMENT_ID = '0199aa00-0000-7000-8000-000000000001'
export const REFUND_ID = '0199aa00-0000-7000-8000-000000000002'
export const ACCOUNT_ID = 'ACC-001'
// Pact's spelling of the header: with another one, Pact's mock server sends it twice.
export const JSON_TYPE = { 'Content-Type': regex('application/json(;.*)?', 'application/json') }
export const PROBLEM_TYPE = { 'Content-Type': regex('application/problem\\+json(;.*)?', 'application/problem+json') }

/** A fact that the provider state supplies for the request, such as an id. `within` places it in a longer text. */
export function fact(name: string, example: string, within = (value: string) => value) {
  return fromProviderState(within(`\${${name}}`), within(example))
}

export const id = uuid(PAYMENT_ID)
const currency = regex('^[A-Z]{3}$', 'USD')
export const cursor = regex('^[A-Za-z0-9._-]{1,64}$', PAYMENT_ID)
/** A US dollar amount. Requires two decimals so that a number fails: Pact matches its text, which for 100.00 is 100. */
export const amount = (example = '100.00') => regex('^-?\\d+\\.\\d\\d$', example)
/** ISO 8601 in UTC, as Date.parse reads it. */
export const instant = (example = '2026-11-23T16:05:13.123Z') => regex('^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$', example)

export const accepted = {
  id,
  accountId: string(ACCOUNT_ID),
  amount: amount(),
  currency,
  description: string('Books'),
  status: equal('pending'),
  createdAt: instant(),
} satisfies Reads<AcceptedPayment>

/** A payment that has not been reconciled yet. */
export const pending = { ...accepted, jobDead: equal(false), outcome: nullValue(), discrepancyAmount: nullValue(), refundedAmount: amount('0.00') } satisfies Reads<Payment>
export const matched = { ...pending, status: equal('completed'), outcome: equal('matched'), discrepancyAmount: nullValue() } satisfies Reads<Payment>
export const disputed = { ...matched, outcome: equal('discrepancy'), discrepancyAmount: amount('0.13') } satisfies Reads<Payment>

export const balanceAfter = amount('350.00')
export const entry = {
  paymentId: id,
  refundId: nullValue(),
  entryType: equal('credit'),
  accountId: string(ACCOUNT_ID),
  currency,
  amount: amount(),
  balanceAfter,
  accountVersion: integer(2),
  createdAt: instant(),
} satisfies Reads<LedgerEntry>

const finishedJob = {
  status: equal('completed'),
  attempts: integer(1),
  lastError: nullValue(),
  runAt: instant(),
  lockedBy: string('worker-1'),
  lockedAt: instant(),
  finishedAt: instant(),
} satisfies Reads<Job>
const waitingJob = { ...finishedJob, status: equal('pending'), attempts: integer(0), lockedBy: nullValue(), lockedAt: nullValue(), finishedAt: nullValue() } satisfies Reads<Job>
export const deadJob = { ...finishedJob, status: equal('dead'), attempts: integer(5), lastError: string('the account does not exist') } satisfies Reads<Job>
export const reconJob = <Expected extends Reads<Job>>(job: Expected) => ({ paymentId: id, refundId: nullValue(), ...job }) satisfies Reads<ReconJob>

export const stuck = { ...pending, jobDead: equal(true) } satisfies Reads<Payment>

const none = { refundableAmount: amount('0.00'), refunds: [], moreRefunds: equal(false) }
const waiting = { idempotencyKey: string('order-4711'), traceId: nullValue(), reconciliation: nullValue(), job: waitingJob, entries: [] } satisfies Reads<SettlementDetail>

const matching = { status: equal('completed'), discrepancyAmount: amount('0.00'), notes: nullValue(), createdAt: instant() } satisfies Reads<NonNullable<SettlementDetail['reconciliation']>>

export const settledDetail = {
  ...disputed,
  ...none,
  refundableAmount: amount('42.13'),
  idempotencyKey: string('order-4711'),
  traceId: nullValue(),
  reconciliation: {
    status: equal('completed_with_discrepancy'),
    discrepancyAmount: amount('0.13'),
    notes: string('the amount ends in .13: 0.13 is in dispute'),
    createdAt: instant(),
  } satisfies Reads<NonNullable<PaymentDetail['reconciliation']>>,
  job: finishedJob,
  // The customer's credit first.
  entries: [
    entry,
    { ...entry, entryType: equal('debit'), accountId: string('settlement:USD:0') },
  ],
} satisfies Reads<PaymentDetail>
export const waitingDetail = { ...pending, ...none, ...waiting } satisfies Reads<PaymentDetail>

export const acceptedRefund = {
  id: uuid(REFUND_ID),
  paymentId: id,
  amount: amount('30.00'),
  currency,
  reason: string('Returned goods'),
  status: equal('pending'),
  createdAt: instant(),
} satisfies Reads<AcceptedRefund>
const waitingRefund = { ...acceptedRefund, jobDead: equal(false), outcome: nullValue(), discrepancyAmount: nullValue(), updatedAt: instant() } satisfies Reads<Refund>
const settledRefund = { ...waitingRefund, status: equal('completed'), outcome: equal('matched') } satisfies Reads<Refund>
export const refundEntry = { ...entry, refundId: uuid(REFUND_ID), entryType: equal('debit'), amount: amount('30.00') } satisfies Reads<LedgerEntry>

export const waitingRefundDetail = { ...waitingRefund, ...waiting, accountId: string(ACCOUNT_ID) } satisfies Reads<RefundDetail>
export const settledRefundDetail = {
  ...settledRefund,
  accountId: string(ACCOUNT_ID),
  idempotencyKey: string('refund-4711'),
  traceId: nullValue(),
  reconciliation: matching,
  job: finishedJob,
  // The customer's debit first.
  entries: [
    refundEntry,
    { ...refundEntry, entryType: equal('credit'), accountId: string('settlement:USD:0') },
  ],
} satisfies Reads<RefundDetail>
export const partlyRefundedDetail = {
  ...matched,
  status: equal('partially_refunded'),
  refundedAmount: amount('30.00'),
  refundableAmount: amount('70.00'),
  refunds: [settledRefund],
  moreRefunds: equal(false),
  idempotencyKey: string('order-4711'),
  traceId: nullValue(),
  reconciliation: matching,
  job: finishedJob,
  entries: [
    entry,
    { ...entry, entryType: equal('debit'), accountId: string('settlement:USD:0') },
  ],
} satisfies Reads<PaymentDetail>

export const balance = { balance: amount('350.00'), currency } satisfies Reads<Balance>
export const account = { id: string(ACCOUNT_ID), currency, balance: amount('350.00'), entryCount: integer(2), updatedAt: instant() } satisfies Reads<Account>

/** A problem of this type. The console switches on the type; the other fields are for people. */
export function problem(type: string, status: number, errors?: { pointer: string } | { parameter: string }) {
  return {
    type: `/problems/${type}`,
    title: string('What went wrong'),
    status: integer(status),
    detail: string('How to go on.'),
    instance: string(`urn:uuid:${PAYMENT_ID}`),
    ...(errors && { errors: [{ ...errors, detail: string('is wrong') }] }),
  } satisfies Partial<Reads<Problem>>
}
