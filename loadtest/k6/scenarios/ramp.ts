// Payments arrive faster and faster at one API process, to beyond what it can take, since at the peak the database stands
// still; then slowly again. Does it refuse with 503 and Retry-After while those that it takes are still answered, does it
// recover, and is nothing lost that it took?
import type { Options } from 'k6/options'
import exec from 'k6/execution'
import { stall } from '../lib/harness.ts'
import { openAccounts, ownAccount, ownKey, payAtOnce } from '../lib/pay.ts'
import { setting } from '../lib/settings.ts'
import { thresholds } from '../lib/thresholds.ts'

export { handleSummary, teardown } from '../lib/harness.ts'

const ACCOUNTS = 50
/**
 * Payments of a virtual user that are under way at once. An API process lets 2,000 wait for the database, nobody behind
 * one who has waited for 1 s, and has 1,000 under way there: with few in the air nobody is ever refused.
 */
const BURST = 50
const PEAK = Math.ceil(setting('RATE') / BURST)
const DURATION_S = setting('DURATION_S')
/** By then the rate is low again, and what had gathered has had a while to go. */
const RECOVERED_S = DURATION_S * 0.85

export const options: Options = {
  scenarios: {
    ramp: {
      exec: 'ramp',
      executor: 'ramping-arrival-rate',
      startRate: 1,
      stages: [
        { target: PEAK, duration: `${DURATION_S * 0.3}s` },
        { target: PEAK, duration: `${DURATION_S * 0.4}s` },
        { target: 2, duration: `${DURATION_S * 0.05}s` },
        { target: 2, duration: `${DURATION_S * 0.25}s` },
      ],
      preAllocatedVUs: setting('VUS'),
    },
    stalling: { exec: 'stalling', executor: 'per-vu-iterations', vus: 1, iterations: 1, startTime: `${DURATION_S * 0.35}s` },
  },
  batch: BURST,
  batchPerHost: BURST,
  thresholds: thresholds(['accepted', 'refused'], {
    'answers{kind:refused}': ['count>0'],
    'accept_time': ['p(95)<5000'], // nobody waits for longer than 2 s to be written
    'accept_time{phase:recovered}': ['p(95)<1000'],
    'answers{kind:refused,phase:recovered}': ['count==0'],
  }),
  setupTimeout: '2m',
  teardownTimeout: '10m',
}

export function setup(): void {
  openAccounts(ACCOUNTS)
}

export function stalling(): void {
  stall()
}

export function ramp(): void {
  const burst = exec.scenario.iterationInTest
  const phase = exec.instance.currentTestRunDuration / 1_000 > RECOVERED_S ? 'recovered' : 'ramp'
  payAtOnce(Array.from({ length: BURST }, (_, i) => (
    { key: ownKey(String(burst * BURST + i)), accountId: ownAccount(String(i % ACCOUNTS)), amount: '12.50' }
  )), { phase })
}
