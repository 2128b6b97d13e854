// Payments arrive at one API process at a rising rate. At the peak Postgres freezes, so the API is overloaded; then the rate
// drops. Does the API refuse with 503 and Retry-After while it still responds to the payments it accepts, does it recover, and
// does it lose no accepted payment?
import type { Options } from 'k6/options'
import exec from 'k6/execution'
import { injectFaults } from '../lib/harness.ts'
import { openAccounts, payAtOnce, runAccount, runKey } from '../lib/pay.ts'
import { setting } from '../lib/settings.ts'
import { thresholds } from '../lib/thresholds.ts'

export { handleSummary, teardown } from '../lib/harness.ts'

const ACCOUNTS = 50
/**
 * Payments that each virtual user has in flight. An API process writes up to 1,000 payments at once and queues 2,000 more, but
 * none once the oldest has waited 1 s. With few payments in flight it refuses none.
 */
const BURST = 50
const PEAK = Math.ceil(setting('RATE') / BURST)
const DURATION_S = setting('DURATION_S')
/** Shorter than the statement_timeout of 10 s, so that Postgres cancels no statement. */
const FREEZE_MAX_MS = 8_000
/** By then the rate is low again, and the API has had time to write its backlog. */
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
    overload: { exec: 'overload', executor: 'per-vu-iterations', vus: 1, iterations: 1, startTime: `${DURATION_S * 0.35}s` },
  },
  batch: BURST,
  batchPerHost: BURST,
  thresholds: thresholds(['accepted', 'refused'], {
    'responses{kind:refused}': ['count>0'],
    'accept_time': ['p(95)<5000'], // the API writes a payment within 2 s or refuses it
    'accept_time{phase:recovered}': ['p(95)<1000'],
    'responses{kind:refused,phase:recovered}': ['count==0'],
  }),
  setupTimeout: '2m',
  teardownTimeout: '10m',
}

export function setup(): void {
  openAccounts(ACCOUNTS)
}

/** k6 on the same machine rarely outpaces the system; a frozen Postgres guarantees overload. */
export function overload(): void {
  injectFaults(['freeze-postgres'], { maxMs: FREEZE_MAX_MS, untilApiRefuses: true })
}

export function ramp(): void {
  const burst = exec.scenario.iterationInTest
  const phase = exec.instance.currentTestRunDuration / 1_000 > RECOVERED_S ? 'recovered' : 'ramp'
  payAtOnce(Array.from({ length: BURST }, (_, i) => (
    { key: runKey(String(burst * BURST + i)), accountId: runAccount(String(i % ACCOUNTS)), amount: '12.50' }
  )), { phase })
}
