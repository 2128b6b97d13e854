// Payments arrive on 1,000 accounts and one hot account while the number of workers changes to 1, 4 and 2. Is each payment
// settled exactly once, and does every balance equal the sum of its payments?
import type { Options } from 'k6/options'
import exec from 'k6/execution'
import { measureDrain } from '../lib/harness.ts'
import { pay, runAccount, runKey } from '../lib/pay.ts'
import { apis, setting } from '../lib/settings.ts'
import { thresholds } from '../lib/thresholds.ts'

export { handleSummary, teardown } from '../lib/harness.ts'

const ACCOUNTS = 1_000
const WORKER_COUNTS = [1, 4, 2]
/** All three results: completed, completed with a discrepancy (42.13, 0.13), failed (0.00, -5.00). */
const AMOUNTS = ['12.50', '7.00', '42.13', '0.00', '-5.00', '100.00', '0.13', '3.99']

export const options: Options = {
  scenarios: {
    burst: { executor: 'constant-vus', exec: 'burst', vus: setting('VUS'), duration: `${setting('DURATION_S')}s` },
    scaling: { executor: 'per-vu-iterations', exec: 'scaling', vus: 1, iterations: 1, maxDuration: '10m' },
  },
  thresholds: thresholds(['accepted']),
  teardownTimeout: '10m',
}

export function burst(): void {
  const n = exec.scenario.iterationInTest
  const accountId = runAccount(n % 10 === 0 ? 'hot' : String(n % ACCOUNTS))
  pay({ key: runKey(String(n)), accountId, amount: AMOUNTS[n % AMOUNTS.length]! }, apis[n % apis.length])
}

export function scaling(): void {
  WORKER_COUNTS.forEach(measureDrain)
}
