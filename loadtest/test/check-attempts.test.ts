import type { Noted } from '../auditor/journal.ts'
import assert from 'node:assert/strict'
import { checkAttempts } from '../auditor/check-attempts.ts'
import { Findings } from '../auditor/findings.ts'

function attempt(kind: Noted['kind'], { amount = '1.00', body = '{"id":"1"}' } = {}): Noted {
  return { kind, key: 'key', accountId: 'account', amount, status: 0, body }
}

describe('what the callers of one key were told', () => {
  const cases: [what: string, attempts: Noted[], finding: RegExp | null][] = [
    ['is right when it was new to one, and all others heard the same or were refused', [
      attempt('replayed'),
      attempt('accepted'),
      attempt('other-payment', { amount: '2.00' }),
      attempt('in-use'),
      attempt('refused'),
    ], null],
    ['may be a replay only, when the first answer was lost', [attempt('lost'), attempt('replayed')], null],
    ['is wrong when answers differ by a byte', [attempt('accepted'), attempt('replayed', { body: '{"id": "1"}' })], /not the same bytes/],
    ['is wrong when it was new to two', [attempt('accepted'), attempt('accepted')], /not new exactly once/],
    ['is wrong when it was new to nobody', [attempt('replayed'), attempt('replayed')], /not new exactly once/],
    ['is wrong when another payment was taken for the first', [attempt('accepted'), attempt('replayed', { amount: '2.00' })], /taken for the first one/],
    ['is wrong when the same payment was taken for another', [attempt('accepted'), attempt('other-payment')], /taken for another one/],
    ['is wrong when there is no payment, and one was refused as another', [attempt('other-payment')], /taken for another one/],
    ['is wrong when a caller saw what none should', [attempt('accepted'), attempt('unexpected')], /no caller should see/],
  ]
  for (const [what, attempts, finding] of cases) {
    it(what, () => {
      const findings = new Findings()
      checkAttempts('key', attempts, findings)
      assert.match(findings.lines.join('\n'), finding ?? /^$/)
    })
  }
})
