// Every route once: is each answer one that the OpenAPI document tells of? The auditor compares them, and misses none.
import type { Options } from 'k6/options'
import type { Shown } from '../../auditor/journal.ts'
import { sleep } from 'k6'
import http from 'k6/http'
import { listen } from '../lib/harness.ts'
import { note, ownAccount, ownKey } from '../lib/pay.ts'
import { apis, run } from '../lib/settings.ts'

export { handleSummary, teardown } from '../lib/harness.ts'

const SETTLE_TIMEOUT_MS = 30_000
const POLL_S = 0.05

export const options: Options = {
  scenarios: { smoke: { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: '2m' } },
  thresholds: { audit_passed: ['rate==1'], iterations: ['count==1'] },
  teardownTimeout: '10m',
}

export default function (): void {
  listen(apis.length) // GET /events
  const accountId = ownAccount('smoke')
  const [key, amount] = [ownKey('smoke'), '42.13']
  const { id, text } = ask('POST', '/payments', { accountId, amount, description: run }, { 'Idempotency-Key': key })
  note({ kind: 'accepted', key, accountId, amount, status: 201, body: text })
  untilSettled(id)
  for (const path of [
    '/payments',
    `/payments?accountId=${accountId}&status=completed&outcome=discrepancy&limit=1`,
    `/payments.csv?accountId=${accountId}`,
    `/payments/${id}`,
    '/accounts',
    `/accounts/${accountId}`,
    `/accounts/${accountId}/balance`,
    `/accounts/${accountId}/entries`,
    '/operations',
    '/recon-jobs?status=completed',
    '/health',
    '/ready',
    '/metrics',
  ])
    ask('GET', path)
  ask('POST', `/recon-jobs/${id}/retry`) // it is not dead, so 409
  ask('POST', '/recon-jobs/retry', { error: run }) // no job died of that

  // And what each refuses.
  ask('POST', '/payments', { accountId, amount: '1.001' }, { 'Idempotency-Key': ownKey('refused') })
  ask('POST', '/payments', { accountId, amount: '1.00' })
  ask('GET', '/payments?limit=0')
  ask('POST', '/queue/pause', { reason: 0 }) // the queue may be somebody's: its state is not touched
  ask('POST', '/queue/resume?reason=none')
  ask('GET', '/payments/0190a6e0-0000-7000-8000-000000000000')
  ask('GET', `/accounts/${ownAccount('nobody')}/balance`)
}

/** Asks the first API, and shows the answer to the auditor. */
function ask(method: 'GET' | 'POST', path: string, body?: object, headers: Record<string, string> = {}): { id: string, text: string } {
  const url = apis[0]! + path
  const answer = http.request(method, url, body && JSON.stringify(body), { headers: { ...headers, ...body && { 'Content-Type': 'application/json' } }, timeout: '20s' })
  const shown: Shown = { method, url, status: answer.status, contentType: answer.headers['Content-Type'] ?? '', body: String(answer.body ?? '') }
  note(shown)
  return { id: /json/.test(shown.contentType) ? String(answer.json('id')) : '', text: shown.body }
}

function untilSettled(id: string): void {
  const deadline = Date.now() + SETTLE_TIMEOUT_MS
  while (http.get(`${apis[0]}/payments/${id}`).json('status') === 'pending') {
    if (Date.now() > deadline)
      throw new Error(`payment ${id} was not settled within ${SETTLE_TIMEOUT_MS / 1_000} s`)
    sleep(POLL_S)
  }
}
