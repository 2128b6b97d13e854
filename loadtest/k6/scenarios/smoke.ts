// Calls every operation once. Does the OpenAPI document describe every response? The auditor compares them, and finds
// operations that this scenario does not call.
import type { Options } from 'k6/options'
import type { ExchangeEntry } from '../../auditor/journal.ts'
import { sleep } from 'k6'
import http from 'k6/http'
import { followEvents } from '../lib/harness.ts'
import { runAccount, runKey, writeJournal } from '../lib/pay.ts'
import { apis, runId } from '../lib/settings.ts'

export { handleSummary, teardown } from '../lib/harness.ts'

const SETTLE_TIMEOUT_MS = 30_000
const POLL_S = 0.05

export const options: Options = {
  scenarios: { smoke: { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: '2m' } },
  thresholds: { audit_passed: ['rate==1'], iterations: ['count==1'] },
  teardownTimeout: '10m',
}

export default function (): void {
  followEvents(apis.length) // GET /events
  const accountId = runAccount('smoke')
  const [key, amount] = [runKey('smoke'), '42.13']
  const { id, text } = send('POST', '/payments', { accountId, amount, description: runId }, { 'Idempotency-Key': key })
  writeJournal({ kind: 'accepted', key, accountId, amount, status: 201, body: text })
  waitUntilSettled(id)
  const refund = refundSomePayment()
  for (const path of [
    '/payments',
    `/payments?accountId=${accountId}&status=completed&outcome=discrepancy&limit=1`,
    `/payments.csv?accountId=${accountId}`,
    `/payments/${id}`,
    `/payments/${refund.paymentId}`,
    '/refunds',
    `/refunds?paymentId=${refund.paymentId}`,
    `/refunds/${refund.id}`,
    '/accounts',
    `/accounts/${accountId}`,
    `/accounts/${accountId}/balance`,
    `/accounts/${accountId}/entries`,
    `/accounts/${accountId}/history`,
    `/accounts/${accountId}/statement.csv`,
    '/operations',
    '/operations/history',
    `/operations/workers/${encodeURIComponent(String(http.get(`${apis[0]}/operations`).json('workers.0.id')))}`,
    '/recon-jobs?status=completed',
    '/recon-jobs/errors',
    '/proofs',
    '/health',
    '/ready',
    '/metrics',
  ])
    send('GET', path)
  send('POST', `/recon-jobs/${id}/retry`) // 409: the job is not dead
  send('POST', '/proofs/run')
  send('POST', '/recon-jobs/retry', { error: runId }) // retries nothing: no job has this error

  // Requests that the API refuses.
  send('POST', '/payments', { accountId, amount: '1.001' }, { 'Idempotency-Key': runKey('refused') })
  send('POST', '/payments', { accountId, amount: '1.00' })
  send('POST', `/payments/${id}/refunds`, { amount: '42.14' }, { 'Idempotency-Key': runKey('refused') })
  send('GET', '/payments?limit=0')
  send('POST', '/queue/pause', { reason: 0 }) // an invalid reason: the queue of a running system must not pause
  send('POST', '/queue/resume?reason=none')
  send('GET', '/payments/0190a6e0-0000-7000-8000-000000000000')
  send('GET', `/accounts/${runAccount('nobody')}/balance`)
}

/** Refunds a part of a payment. Neither belongs to the run, whose accounts must hold the sum of their payments. */
function refundSomePayment(): { paymentId: string, id: string } {
  const payment = send('POST', '/payments', { accountId: 'SMOKE-REFUNDS', amount: '10.00' }, { 'Idempotency-Key': `refunded-${runId}` })
  waitUntilSettled(payment.id)
  const refund = send('POST', `/payments/${payment.id}/refunds`, { amount: '4.00', reason: runId }, { 'Idempotency-Key': `refund-${runId}` })
  return { paymentId: payment.id, id: refund.id }
}

/** Sends a request to the first API process, and writes it to the journal with its response. */
function send(method: 'GET' | 'POST', path: string, body?: object, headers: Record<string, string> = {}): { id: string, text: string } {
  const url = apis[0]! + path
  const response = http.request(method, url, body && JSON.stringify(body), { headers: { ...headers, ...body && { 'Content-Type': 'application/json' } }, timeout: '20s' })
  const entry: ExchangeEntry = { method, url, status: response.status, contentType: response.headers['Content-Type'] ?? '', body: String(response.body ?? '') }
  writeJournal(entry)
  return { id: /json/.test(entry.contentType) ? String(response.json('id')) : '', text: entry.body }
}

function waitUntilSettled(id: string): void {
  const deadline = Date.now() + SETTLE_TIMEOUT_MS
  while (http.get(`${apis[0]}/payments/${id}`).json('status') === 'pending') {
    if (Date.now() > deadline)
      throw new Error(`payment ${id} was not settled within ${SETTLE_TIMEOUT_MS / 1_000} s`)
    sleep(POLL_S)
  }
}
