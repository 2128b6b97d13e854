// Calls every operation once. Does the OpenAPI document describe every response? The auditor compares them, and finds
// operations that this scenario does not call.
import type { Options } from 'k6/options'
import type { ExchangeEntry } from '../../auditor/journal.ts'
import http from 'k6/http'
import { followEvents } from '../lib/harness.ts'
import { runAccount, runKey, waitUntilSettled, writeJournal } from '../lib/pay.ts'
import { apis, runId } from '../lib/settings.ts'

export { handleSummary, teardown } from '../lib/harness.ts'

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
  waitUntilSettled(`/payments/${id}`)
  const [keyOfRefund, part] = [runKey('smoke-refund'), '2.13']
  const refund = send('POST', `/payments/${id}/refunds`, { amount: part, reason: runId }, { 'Idempotency-Key': keyOfRefund })
  writeJournal({ kind: 'accepted', key: keyOfRefund, accountId, amount: part, refundOf: id, status: 201, body: refund.text })
  waitUntilSettled(`/refunds/${refund.id}`)
  for (const path of [
    '/payments',
    `/payments?accountId=${accountId}&status=partially_refunded&outcome=discrepancy&limit=1`,
    `/payments.csv?accountId=${accountId}`,
    `/payments/${id}`,
    `/refunds?paymentId=${id}&status=completed`,
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
  send('POST', `/payments/${id}/refunds`, { amount: '40.01' }, { 'Idempotency-Key': runKey('refund-refused') })
  send('POST', `/payments/${refund.id}/refunds`, {}, { 'Idempotency-Key': runKey('refund-refused') })
  send('GET', `/refunds/${id}`)
  send('GET', '/payments?limit=0')
  send('POST', '/queue/pause', { reason: 0 }) // an invalid reason: the queue of a running system must not pause
  send('POST', '/queue/resume?reason=none')
  send('GET', '/payments/0190a6e0-0000-7000-8000-000000000000')
  send('GET', `/accounts/${runAccount('nobody')}/balance`)
}

/** Sends a request to the first API process, and writes it to the journal with its response. */
function send(method: 'GET' | 'POST', path: string, body?: object, headers: Record<string, string> = {}): { id: string, text: string } {
  const url = apis[0]! + path
  const response = http.request(method, url, body && JSON.stringify(body), { headers: { ...headers, ...body && { 'Content-Type': 'application/json' } }, timeout: '20s' })
  const entry: ExchangeEntry = { method, url, status: response.status, contentType: response.headers['Content-Type'] ?? '', body: String(response.body ?? '') }
  writeJournal(entry)
  return { id: /json/.test(entry.contentType) ? String(response.json('id')) : '', text: entry.body }
}
