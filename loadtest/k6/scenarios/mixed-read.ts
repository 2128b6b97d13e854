// Payments arrive while people look at lists, details and balances, and follow the events: does each stay fast beside the
// others, and does every stream of events tell of every payment?
import type { Options } from 'k6/options'
import { check } from 'k6'
import exec from 'k6/execution'
import http from 'k6/http'
import { listen } from '../lib/harness.ts'
import { openAccounts, ownAccount, ownKey, pay } from '../lib/pay.ts'
import { apis, setting } from '../lib/settings.ts'
import { thresholds } from '../lib/thresholds.ts'

export { handleSummary, teardown } from '../lib/harness.ts'

const ACCOUNTS = 20
const STREAMS = 20
const DURATION = `${setting('DURATION_S')}s`
const AMOUNTS = ['12.50', '42.13', '-5.00']
/** What people ask for, by the name that its measurements have. */
const LISTS = {
  newest: '/payments?limit=50',
  pending: '/payments?status=pending',
  failed: '/payments?status=failed',
  discrepancies: '/payments?outcome=discrepancy',
  account: `/payments?accountId=${ownAccount('0')}`,
  amount: '/payments?amountFrom=12&amountTo=13',
  accounts: `/accounts?prefix=${ownAccount('')}`,
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
  listen(STREAMS)
  openAccounts(ACCOUNTS)
}

export function payments(): void {
  const n = exec.scenario.iterationInTest
  pay({ key: ownKey(String(n)), accountId: ownAccount(String(n % ACCOUNTS)), amount: AMOUNTS[n % AMOUNTS.length]! }, apis[n % apis.length])
}

export function readers(): void {
  for (const [name, path] of Object.entries(LISTS))
    read(name, path)
  const page = read('newest', LISTS.newest) as { payments: { id: string, accountId: string }[] }
  const payment = page.payments[exec.scenario.iterationInTest % Math.max(1, page.payments.length)]
  if (!payment)
    return // nothing has been paid here yet
  read('detail', `/payments/${payment.id}`)
  read('balance', `/accounts/${payment.accountId}/balance`)
  read('entries', `/accounts/${payment.accountId}/entries`)
}

function read(name: string, path: string): unknown {
  const answer = http.get(apis[exec.vu.idInTest % apis.length] + path, { tags: { name }, timeout: '20s' })
  check(answer, { 'is answered with 200': ({ status }) => status === 200 })
  return answer.json()
}
