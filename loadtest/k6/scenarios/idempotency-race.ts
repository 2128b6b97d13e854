// Many callers post the same key at the same instant, to all API processes: with the same payment, however they write it,
// with another one, and again later. Is there one payment a key, and does everybody hear the same?
import type { Options } from 'k6/options'
import { sleep } from 'k6'
import exec from 'k6/execution'
import { ownAccount, ownKey, pay } from '../lib/pay.ts'
import { apis, setting } from '../lib/settings.ts'
import { thresholds } from '../lib/thresholds.ts'

export { handleSummary, teardown } from '../lib/harness.ts'

/** All callers share one clock: at each multiple of this they race for a key that is named after it. */
const RACE_EVERY_MS = 250
/** A key is used again when so many races have passed. */
const REPLAY_AFTER_RACES = 4
/** One payment, as callers write it. */
const WRITTEN = ['1.00', '1.0', '1', 1]

export const options: Options = {
  scenarios: {
    race: { executor: 'constant-vus', vus: setting('VUS'), duration: `${setting('DURATION_S')}s` },
  },
  thresholds: thresholds(['accepted', 'replayed', 'other-payment', 'in-use'], {
    'answers{kind:replayed}': ['count>0'],
    'answers{kind:other-payment}': ['count>0'],
  }),
  teardownTimeout: '10m',
}

export default function (): void {
  const caller = exec.vu.idInTest
  const race = Math.floor(Date.now() / RACE_EVERY_MS) + 1
  sleep((race * RACE_EVERY_MS - Date.now()) / 1_000)
  post(race, caller)
  post(race - REPLAY_AFTER_RACES, caller + 1) // who sent the one payment then sends the other now
}

function post(race: number, caller: number): void {
  const otherPayment = caller % 5 === 0
  pay({
    key: ownKey(String(race)),
    accountId: ownAccount(`racer-${race % 100}`),
    amount: otherPayment ? '2.00' : '1.00',
    written: otherPayment ? '2.00' : WRITTEN[caller % WRITTEN.length],
  }, apis[caller % apis.length])
}
