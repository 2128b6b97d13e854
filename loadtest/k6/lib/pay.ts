import type { Response } from 'k6/http'
import type { JournalEntry, PaymentEntry } from '../../auditor/journal.ts'
import type { PaymentResponseKind } from '../../auditor/response-kind.ts'
import { sleep } from 'k6'
import http from 'k6/http'
import { Counter, Trend } from 'k6/metrics'
import { paymentResponseKind } from '../../auditor/response-kind.ts'
import { apis, runId } from './settings.ts'

const REQUEST_TIMEOUT = '20s'
const ACCOUNTS_PER_BATCH = 20
const SETTLE_TIMEOUT_MS = 30_000
const POLL_S = 0.05

/** All responses for payments and refunds; the tag `kind` has the PaymentResponseKind, and `of` says which of both. */
const responses = new Counter('responses')
/** Of payments. */
const acceptTime = new Trend('accept_time', true)
const refuseTime = new Trend('refuse_time', true)

interface Payment {
  key: string
  accountId: string
  /** With two decimals, as in the API's response; every payment is in USD. */
  amount: string
  /** The amount in the request, if it differs: 1, "1" and "1.00" are the same payment. */
  writtenAmount?: string | number
}

interface Refund {
  key: string
  paymentId: string
  /** The payment's. */
  accountId: string
  /** With two decimals; undefined for all that is left. */
  amount?: string
  /** The amount in the request, if it differs. */
  writtenAmount?: string | number
}

/** An idempotency key that no other run uses. */
export function runKey(suffix: string): string {
  return `${runId}-${suffix}`
}

/** An account that no other run uses. */
export function runAccount(suffix: string): string {
  return `${runId}-${suffix}`
}

/** Posts a payment and writes the response to the journal. Returns the kind of response. */
export function pay(payment: Payment, api = apis[0]!): PaymentResponseKind {
  const { url, body, params } = paymentRequest(payment, api)
  return recordPayment(payment, http.post(url, body, params))
}

/**
 * Posts payments to the first API process at once, each on its own connection; k6's option `batchPerHost` limits how many. Returns
 * the ids of those that were accepted.
 */
export function payAtOnce(payments: Payment[], tags: Record<string, string> = {}): string[] {
  const responses = http.batch(payments.map(payment => paymentRequest(payment, apis[0]!)))
  return responses.filter((response, i) => recordPayment(payments[i]!, response, tags) === 'accepted').map(response => String(response.json('id')))
}

/** Posts a refund and writes the response to the journal. Returns the kind of response. */
export function refund({ key, paymentId, accountId, amount, writtenAmount }: Refund, api = apis[0]!): PaymentResponseKind {
  const response = http.post(`${api}/payments/${paymentId}/refunds`, JSON.stringify({ amount: writtenAmount ?? amount, reason: runId }), {
    headers: { 'Idempotency-Key': key, 'Content-Type': 'application/json' },
    timeout: REQUEST_TIMEOUT,
    tags: { name: 'POST /payments/{id}/refunds' },
  })
  return recordResponse({ key, accountId, amount, refundOf: paymentId }, response, { of: 'refund' })
}

/** Throws if a payment or refund, named by its path, is not settled within 30 s. */
export function waitUntilSettled(path: string): void {
  const deadline = Date.now() + SETTLE_TIMEOUT_MS
  while (http.get(`${apis[0]}${path}`, { tags: { name: 'wait until settled' } }).json('status') === 'pending') {
    if (Date.now() > deadline)
      throw new Error(`${path} was not settled within ${SETTLE_TIMEOUT_MS / 1_000} s`)
    sleep(POLL_S)
  }
}

/**
 * For a scenario's setup: opens accounts named by their number, with one payment each. The audit includes these payments,
 * accept_time does not: a first payment also opens its account, so it takes longer.
 */
export function openAccounts(count: number): void {
  for (let first = 0; first < count; first += ACCOUNTS_PER_BATCH) {
    payAtOnce(Array.from({ length: Math.min(ACCOUNTS_PER_BATCH, count - first) }, (_, i) => (
      { key: runKey(`setup-${first + i}`), accountId: runAccount(String(first + i)), amount: '12.50' }
    )), { phase: 'setup' })
  }
}

function paymentRequest({ key, accountId, amount, writtenAmount }: Payment, api: string) {
  return {
    method: 'POST',
    url: `${api}/payments`,
    body: JSON.stringify({ accountId, amount: writtenAmount ?? amount, description: runId }),
    params: { headers: { 'Idempotency-Key': key, 'Content-Type': 'application/json' }, timeout: REQUEST_TIMEOUT, tags: { name: 'POST /payments' } },
  }
}

function recordPayment({ key, accountId, amount }: Payment, response: Response, tags: Record<string, string> = {}): PaymentResponseKind {
  const kind = recordResponse({ key, accountId, amount }, response, { of: 'payment', ...tags })
  if (kind === 'accepted' && tags.phase !== 'setup')
    acceptTime.add(response.timings.duration, tags)
  if (kind === 'refused')
    refuseTime.add(response.timings.duration, tags)
  return kind
}

function recordResponse(sent: Pick<PaymentEntry, 'key' | 'accountId' | 'amount' | 'refundOf'>, response: Response, tags: Record<string, string>): PaymentResponseKind {
  const kind = kindOf(response)
  responses.add(1, { kind, ...tags })
  writeJournal({ kind, ...sent, status: response.status, body: String(response.body ?? '') })
  return kind
}

function kindOf(response: Response): PaymentResponseKind {
  return paymentResponseKind({
    status: response.status,
    replayed: response.headers['Idempotent-Replayed'] === 'true',
    problem: [409, 422, 503].includes(response.status) ? problemOf(response) : undefined,
    retryAfter: Number(response.headers['Retry-After']) >= 1,
  })
}

function problemOf(response: Response): string | undefined {
  return String(response.json('type')).split('/').at(-1)
}

/** Appends to the journal: the harness makes k6 write its console to that file. */
export function writeJournal(entry: JournalEntry): void {
  console.log(JSON.stringify(entry))
}
