// Many callers refund one settled payment at the same instant, through all API processes: parts and the rest, under shared keys and
// their own, and all send again later. Is a payment refunded to the cent and never a cent over, does each key make one refund, and
// does every caller of a key get the same response?
import type { Options } from 'k6/options'
import { sleep } from 'k6'
import exec from 'k6/execution'
import { payAtOnce, refund, runAccount, runKey, waitUntilSettled } from '../lib/pay.ts'
import { apis, setting } from '../lib/settings.ts'
import { thresholds } from '../lib/thresholds.ts'

export { handleSummary, teardown } from '../lib/harness.ts'

/** All callers share one clock. At each multiple of this time they race for the next payment. */
const RACE_EVERY_MS = 250
/** Callers use a key again this many races later. */
const REPLAY_AFTER_RACES = 4
/** One payment for each race, and more, because the callers may start late. */
const RACES = Math.ceil(setting('DURATION_S') * 1_000 / RACE_EVERY_MS) + 40
const PAYMENTS_PER_BATCH = 20
const ACCOUNTS = 20
const PAID = '10.00'
/** What each caller asks for. A key of a race is shared by all callers with the same name for it; without a name a caller has its own. */
const REQUESTS: { amount?: string, writtenAmounts?: (string | number)[], sharedKey?: string }[] = [
  { sharedKey: 'rest' },
  { sharedKey: 'part', amount: '2.00', writtenAmounts: ['2.00', '2.0', '2', 2] },
  { amount: '3.00' },
  { sharedKey: 'part', amount: '2.13' },
  { amount: '0.01' },
  {},
  { amount: '10.01' },
]

export const options: Options = {
  scenarios: {
    race: { executor: 'constant-vus', vus: setting('VUS'), duration: `${setting('DURATION_S')}s` },
  },
  thresholds: thresholds(['accepted', 'replayed', 'idempotency-key-reused', 'idempotency-key-in-use', 'payment-not-refundable', 'refund-exceeds-payment'], Object.fromEntries(
    ['accepted', 'replayed', 'idempotency-key-reused', 'payment-not-refundable', 'refund-exceeds-payment'].map(kind => [`responses{kind:${kind},of:refund}`, ['count>0']]),
  )),
  setupTimeout: '3m',
  teardownTimeout: '10m',
}

interface Payments { firstRace: number, ids: string[] }

const accountOf = (race: number): string => runAccount(`racer-${race % ACCOUNTS}`)

/** Makes the payments, and waits until they have settled. */
export function setup(): Payments {
  const ids: string[] = []
  while (ids.length < RACES) {
    const batch = Array.from({ length: Math.min(PAYMENTS_PER_BATCH, RACES - ids.length) }, (_, i) => ids.length + i)
    ids.push(...payAtOnce(batch.map(race => ({ key: runKey(`paid-${race}`), accountId: accountOf(race), amount: PAID })), { phase: 'setup' }))
  }
  ids.forEach(id => waitUntilSettled(`/payments/${id}`))
  return { firstRace: nextRace(), ids }
}

export default function ({ firstRace, ids }: Payments): void {
  const caller = exec.vu.idInTest
  const next = nextRace()
  sleep((next * RACE_EVERY_MS - Date.now()) / 1_000)
  const race = next - firstRace
  post(race, caller, caller)
  post(race - REPLAY_AFTER_RACES, caller, caller + 1) // through another API process

  function post(race: number, caller: number, process: number): void {
    const paymentId = ids[race]
    if (paymentId === undefined)
      return // before the first race, or after the last
    const { sharedKey = String(caller), amount, writtenAmounts } = REQUESTS[caller % REQUESTS.length]!
    refund({
      key: runKey(`refund-${race}-${sharedKey}`),
      paymentId,
      accountId: accountOf(race),
      amount,
      writtenAmount: writtenAmounts?.[caller % writtenAmounts.length],
    }, apis[process % apis.length])
  }
}

function nextRace(): number {
  return Math.floor(Date.now() / RACE_EVERY_MS) + 1
}
