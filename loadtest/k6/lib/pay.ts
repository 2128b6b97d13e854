import type { Response } from 'k6/http'
import type { Noted, Shown } from '../../auditor/journal.ts'
import http from 'k6/http'
import { Counter, Trend } from 'k6/metrics'
import { apis, run } from './settings.ts'

const REQUEST_TIMEOUT = '20s'
const OPENED_AT_ONCE = 20

/** Every answer to POST /payments, by its tag `kind`. */
const answers = new Counter('answers')
const acceptTime = new Trend('accept_time', true)
const refuseTime = new Trend('refuse_time', true)

export type Kind = Noted['kind']

export interface Payment {
  key: string
  accountId: string
  /** With two decimals, as the API answers it: all of these payments are in USD. */
  amount: string
  /** The amount as it is sent, if otherwise: 1, "1" and "1.00" are the same payment. */
  written?: string | number
}

/** A key that nobody else uses, in this run or any other. */
export function ownKey(rest: string): string {
  return `${run}-${rest}`
}

/** An account of this run. */
export function ownAccount(rest: string): string {
  return `${run}-${rest}`
}

/**
 * Posts a payment and notes the answer in k6's own account of the run, which the auditor compares with the database.
 * Answers what kind of answer it was.
 */
export function pay(payment: Payment, api = apis[0]!): Kind {
  const { url, body, params } = request(payment, api)
  return noteAnswer(payment, http.post(url, body, params))
}

/** Posts many payments at once to the first API, each on a connection of its own: see `batchPerHost` among k6's options. */
export function payAtOnce(payments: Payment[], tags: Record<string, string> = {}): void {
  http.batch(payments.map(payment => request(payment, apis[0]!))).forEach((response, i) => noteAnswer(payments[i]!, response, tags))
}

/**
 * For a scenario's setup: opens so many accounts of the run, named by their numbers, with a payment each that is audited but
 * not measured. What is measured then is the way of a payment, not that of a new customer.
 */
export function openAccounts(count: number): void {
  for (let first = 0; first < count; first += OPENED_AT_ONCE) {
    payAtOnce(Array.from({ length: Math.min(OPENED_AT_ONCE, count - first) }, (_, i) => (
      { key: ownKey(`setup-${first + i}`), accountId: ownAccount(String(first + i)), amount: '12.50' }
    )), { phase: 'setup' })
  }
}

function request({ key, accountId, amount, written }: Payment, api: string) {
  return {
    method: 'POST',
    url: `${api}/payments`,
    body: JSON.stringify({ accountId, amount: written ?? amount, description: run }),
    params: { headers: { 'Idempotency-Key': key, 'Content-Type': 'application/json' }, timeout: REQUEST_TIMEOUT, tags: { name: 'POST /payments' } },
  }
}

function noteAnswer({ key, accountId, amount }: Payment, response: Response, tags: Record<string, string> = {}): Kind {
  const kind = kindOf(response)
  answers.add(1, { kind, ...tags })
  if (kind === 'accepted' && tags.phase !== 'setup')
    acceptTime.add(response.timings.duration, tags)
  if (kind === 'refused')
    refuseTime.add(response.timings.duration, tags)
  note({ kind, key, accountId, amount, status: response.status, body: String(response.body ?? '') })
  return kind
}

/** `unexpected` is whatever no caller should ever see; `lost` is no answer at all, when nobody can know what happened. */
function kindOf(response: Response): Kind {
  switch (response.status) {
    case 0: return 'lost'
    case 201: return response.headers['Idempotent-Replayed'] === 'true' ? 'replayed' : 'accepted'
    case 409: return problemOf(response) === 'idempotency-key-in-use' && hasRetryAfter(response) ? 'in-use' : 'unexpected'
    case 422: return problemOf(response) === 'idempotency-key-reused' ? 'other-payment' : 'unexpected'
    case 503: return problemOf(response) === 'overloaded' && hasRetryAfter(response) ? 'refused' : 'unexpected'
    default: return 'unexpected'
  }
}

function problemOf(response: Response): string | undefined {
  return String(response.json('type')).split('/').at(-1)
}

function hasRetryAfter(response: Response): boolean {
  return Number(response.headers['Retry-After']) >= 1
}

/** One line of the account: the harness lets k6 write its console into a file. */
export function note(entry: Noted | Shown): void {
  console.log(JSON.stringify(entry))
}
