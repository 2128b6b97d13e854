// Payments arrive at a constant rate for half an hour or longer. Does anything grow that should not? The run samples the
// memory of each part and the size of each table with its indexes, and prints their slopes.
import type { Options } from 'k6/options'
import exec from 'k6/execution'
import { sampleGrowth } from '../lib/harness.ts'
import { openAccounts, pay, runAccount, runKey } from '../lib/pay.ts'
import { apis, setting } from '../lib/settings.ts'
import { thresholds } from '../lib/thresholds.ts'

export { handleSummary, teardown } from '../lib/harness.ts'

const ACCOUNTS = 100

export const options: Options = {
  scenarios: {
    soak: { executor: 'constant-arrival-rate', rate: setting('RATE'), duration: `${setting('DURATION_S')}s`, preAllocatedVUs: setting('VUS') },
  },
  thresholds: thresholds(['accepted'], {
    dropped_iterations: ['count==0'],
    memory_growth_percent: ['value<10'],
    size_growth_ratio: ['value<1.5'],
  }),
  setupTimeout: '2m',
  teardownTimeout: '10m',
}

export function setup(): void {
  openAccounts(ACCOUNTS)
  sampleGrowth()
}

export default function (): void {
  const n = exec.scenario.iterationInTest
  pay({ key: runKey(String(n)), accountId: runAccount(String(n % ACCOUNTS)), amount: '12.50' }, apis[n % apis.length])
}
