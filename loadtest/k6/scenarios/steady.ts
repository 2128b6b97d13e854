// Payments arrive at a constant rate for minutes. Is every payment accepted, and how long does it take to accept and to
// settle one?
import type { Options } from 'k6/options'
import exec from 'k6/execution'
import { openAccounts, pay, runAccount, runKey } from '../lib/pay.ts'
import { apis, setting } from '../lib/settings.ts'
import { thresholds } from '../lib/thresholds.ts'

export { handleSummary, teardown } from '../lib/harness.ts'

const ACCOUNTS = 100

export const options: Options = {
  scenarios: {
    steady: {
      executor: 'constant-arrival-rate',
      rate: setting('RATE'),
      duration: `${setting('DURATION_S')}s`,
      preAllocatedVUs: setting('VUS'),
    },
  },
  thresholds: thresholds(['accepted'], {
    dropped_iterations: ['count==0'], // otherwise k6 did not reach the rate
    accept_time: ['p(95)<100', 'p(99)<500'],
    settle_p95_ms: ['value<200'],
    settle_p99_ms: ['value<1000'],
  }),
  setupTimeout: '2m',
  teardownTimeout: '10m',
}

export function setup(): void {
  openAccounts(ACCOUNTS)
}

export default function (): void {
  const n = exec.scenario.iterationInTest
  pay({ key: runKey(String(n)), accountId: runAccount(String(n % ACCOUNTS)), amount: '12.50' }, apis[n % apis.length])
}
