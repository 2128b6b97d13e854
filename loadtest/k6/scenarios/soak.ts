// Payments for half an hour or longer: does anything grow that should not? The memory of each part, and the size of each
// table with its indexes, are sampled all along, and printed as slopes.
import type { Options } from 'k6/options'
import exec from 'k6/execution'
import { watch } from '../lib/harness.ts'
import { openAccounts, ownAccount, ownKey, pay } from '../lib/pay.ts'
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
  watch()
}

export default function (): void {
  const n = exec.scenario.iterationInTest
  pay({ key: ownKey(String(n)), accountId: ownAccount(String(n % ACCOUNTS)), amount: '12.50' }, apis[n % apis.length])
}
