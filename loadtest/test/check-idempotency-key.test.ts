import type { PaymentEntry } from '../auditor/journal.ts'
import type { PaymentResponseKind } from '../auditor/response-kind.ts'
import assert from 'node:assert/strict'
import { checkIdempotencyKey } from '../auditor/check-idempotency-key.ts'
import { Findings } from '../auditor/findings.ts'

function entry(kind: PaymentResponseKind, { amount = '1.00', body = '{"id":"1"}' } = {}): PaymentEntry {
  return { kind, key: 'key', accountId: 'account', amount, status: 0, body }
}
/** Without an amount it asks for the rest. */
function refund(kind: PaymentResponseKind, { amount, paymentStatus }: { amount?: string, paymentStatus?: string } = {}): PaymentEntry {
  return { ...entry(kind, paymentStatus === undefined ? {} : { body: JSON.stringify({ paymentStatus }) }), amount, refundOf: 'payment' }
}

describe('the responses for one idempotency key', () => {
  const cases: [what: string, entries: PaymentEntry[], finding: RegExp | null][] = [
    ['pass when one caller created the payment, and all others got a replay or were refused', [
      entry('replayed'),
      entry('accepted'),
      entry('idempotency-key-reused', { amount: '2.00' }),
      entry('idempotency-key-in-use'),
      entry('refused'),
    ], null],
    ['pass with replays only, when the first response was lost', [entry('lost'), entry('replayed')], null],
    ['fail when they differ by a byte', [entry('accepted'), entry('replayed', { body: '{"id": "1"}' })], /keys whose responses differ/],
    ['fail when two callers created the payment', [entry('accepted'), entry('accepted')], /not new exactly once/],
    ['fail when nobody created the payment', [entry('replayed'), entry('replayed')], /not new exactly once/],
    ['fail when a different payment got a replay', [entry('accepted'), entry('replayed', { amount: '2.00' })], /different payments acknowledged under one key/],
    ['fail when the same payment was refused as a reused key', [entry('accepted'), entry('idempotency-key-reused')], /although nothing else used the key/],
    ['fail when a payment was refused as a reused key, but no other exists', [entry('idempotency-key-reused')], /although nothing else used the key/],
    ['pass when a refund was refused while its payment was pending, and accepted later', [refund('payment-not-refundable', { paymentStatus: 'pending' }), refund('accepted')], null],
    ['pass when the payment does not allow a refund', [refund('payment-not-refundable', { paymentStatus: 'refunded' }), refund('refund-exceeds-payment', { amount: '9.00', paymentStatus: 'completed' })], null],
    ['pass when a payment and the refund of a part got 422 under the key of a refund of the rest', [refund('accepted'), refund('idempotency-key-reused', { amount: '1.00' }), entry('idempotency-key-reused')], null],
    ['fail when the repetition of an accepted refund was refused', [refund('accepted'), refund('payment-not-refundable', { paymentStatus: 'refunded' })], /accepted refunds whose repetition was refused/],
    ['fail when the refund of a part got a replay of that of the rest', [refund('accepted'), refund('replayed', { amount: '1.00' })], /different payments acknowledged under one key/],
    ['fail when a payment was refused like a refund', [entry('payment-not-refundable')], /no caller should see/],
    ['fail when a caller saw what no caller should', [entry('accepted'), entry('unexpected')], /no caller should see/],
  ]
  for (const [what, entries, finding] of cases) {
    it(what, () => {
      const findings = new Findings()
      checkIdempotencyKey('key', entries, findings)
      assert.match(findings.lines.join('\n'), finding ?? /^$/)
    })
  }
})
