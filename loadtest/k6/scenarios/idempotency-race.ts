// Many callers post the same key at the same instant, to all API processes: most send the same payment, written in different
// ways, some send a different one, and all send again later. Does each key create one payment, and does every caller get the
// same response?
import type { Options } from 'k6/options'
import { sleep } from 'k6'
import exec from 'k6/execution'
import { pay, runAccount, runKey } from '../lib/pay.ts'
import { apis, setting } from '../lib/settings.ts'
import { thresholds } from '../lib/thresholds.ts'

export { handleSummary, teardown } from '../lib/harness.ts'

/** All callers share one clock. At each multiple of this time they race for the same key, named after the race's number. */
const RACE_EVERY_MS = 250
/** Callers use a key again this many races later. */
const REPLAY_AFTER_RACES = 4
/** The same amount in four notations. */
const NOTATIONS = ['1.00', '1.0', '1', 1]

export const options: Options = {
  scenarios: {
    race: { executor: 'constant-vus', vus: setting('VUS'), duration: `${setting('DURATION_S')}s` },
  },
  thresholds: thresholds(['accepted', 'replayed', 'idempotency-key-reused', 'idempotency-key-in-use'], {
    'responses{kind:replayed}': ['count>0'],
    'responses{kind:idempotency-key-reused}': ['count>0'],
  }),
  teardownTimeout: '10m',
}

export default function (): void {
  const caller = exec.vu.idInTest
  const race = Math.floor(Date.now() / RACE_EVERY_MS) + 1
  sleep((race * RACE_EVERY_MS - Date.now()) / 1_000)
  post(race, caller)
  post(race - REPLAY_AFTER_RACES, caller + 1) // +1: some callers now send the other payment, through another API process
}

function post(race: number, caller: number): void {
  const differs = caller % 5 === 0
  pay({
    key: runKey(String(race)),
    accountId: runAccount(`racer-${race % 100}`),
    amount: differs ? '2.00' : '1.00',
    writtenAmount: differs ? '2.00' : NOTATIONS[caller % NOTATIONS.length],
  }, apis[caller % apis.length])
}
