// Payments arrive while readers load lists, details and balances, and event streams stay open. Does everything stay fast, and
// does every event stream announce every payment?
import type { Options } from 'k6/options'
import { check } from 'k6'
import exec from 'k6/execution'
import http from 'k6/http'
import { followEvents } from '../lib/harness.ts'
import { openAccounts, pay, runAccount, runKey } from '../lib/pay.ts'
import { apis, setting } from '../lib/settings.ts'
import { thresholds } from '../lib/thresholds.ts'

export { handleSummary, teardown } from '../lib/harness.ts'

const ACCOUNTS = 20
const STREAMS = 20
const DURATION = `${setting('DURATION_S')}s`
const AMOUNTS = ['12.50', '42.13', '-5.00']
/** The lists that readers load, by their name in the thresholds. */
const LISTS = {
  newest: '/payments?limit=50',
  pending: '/payments?status=pending',
  failed: '/payments?status=failed',
  discrepancies: '/payments?outcome=discrepancy',
  account: `/payments?accountId=${runAccount('0')}`,
  amount: '/payments?amountFrom=12&amountTo=13',
  accounts: `/accounts?prefix=${runAccount('')}`,
}

export const options: Options = {
  scenarios: {
    payments: { executor: 'constant-arrival-rate', exec: 'payments', rate: setting('RATE'), duration: DURATION, preAllocatedVUs: setting('VUS') * 2 },
    readers: { executor: 'constant-vus', exec: 'readers', vus: setting('VUS'), duration: DURATION },
  },
  thresholds: thresholds(['accepted'], {
    checks: ['rate==1'],
    accept_time: ['p(95)<200'],
    event_p95_ms: ['value<500'],
    ...Object.fromEntries([...Object.keys(LISTS), 'detail', 'balance', 'entries'].map(name => [`http_req_duration{name:${name}}`, ['p(95)<200']])),
  }),
  setupTimeout: '1m',
  teardownTimeout: '10m',
}

export function setup(): void {
  followEvents(STREAMS)
  openAccounts(ACCOUNTS)
}

export function payments(): void {
  const n = exec.scenario.iterationInTest
  pay({ key: runKey(String(n)), accountId: runAccount(String(n % ACCOUNTS)), amount: AMOUNTS[n % AMOUNTS.length]! }, apis[n % apis.length])
}

export function readers(): void {
  for (const [name, path] of Object.entries(LISTS))
    read(name, path)
  const page = read('newest', LISTS.newest) as { payments: { id: string, accountId: string }[] }
  const payment = page.payments[exec.scenario.iterationInTest % Math.max(1, page.payments.length)]
  if (!payment)
    return // no payment exists yet
  read('detail', `/payments/${payment.id}`)
  read('balance', `/accounts/${payment.accountId}/balance`)
  read('entries', `/accounts/${payment.accountId}/entries`)
}

function read(name: string, path: string): unknown {
  const response = http.get(apis[exec.vu.idInTest % apis.length] + path, { tags: { name }, timeout: '20s' })
  check(response, { 'status is 200': ({ status }) => status === 200 })
  return response.json()
}
