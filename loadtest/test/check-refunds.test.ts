import type { PaymentEntry } from '../auditor/journal.ts'
import type { PaymentResponseKind } from '../auditor/response-kind.ts'
import assert from 'node:assert/strict'
import { checkRefunds } from '../auditor/check-refunds.ts'
import { Findings } from '../auditor/findings.ts'

function refund(kind: PaymentResponseKind, amount?: string, problem: object = {}): PaymentEntry {
  return { kind, key: 'key', accountId: 'account', amount, refundOf: 'payment', status: 0, body: JSON.stringify({ paymentStatus: 'completed', ...problem }) }
}

describe('the responses to refunds, with 5.00 left of the payment', () => {
  const cases: [what: string, entry: PaymentEntry, finding: RegExp | null, left?: bigint][] = [
    ['pass when a part was refunded', refund('accepted', '5.00'), null],
    ['pass when the rest was refunded, and nothing is left', refund('accepted'), null, 0n],
    ['pass when too much was refused', refund('refund-exceeds-payment', '9.00', { left: '8.99' }), null],
    ['pass when the payment was pending', refund('payment-not-refundable', '1.00', { paymentStatus: 'pending', left: '0.00' }), null],
    ['pass when nothing was left', refund('payment-not-refundable', '1.00', { paymentStatus: 'refunded', left: '0.00' }), null, 0n],
    ['fail when the rest was refunded, and something is left', refund('accepted'), /that left something: 1\n.*5\.00 of payment/],
    ['fail when nothing was said to be left', refund('payment-not-refundable', '9.00', { left: '0.00' }), /refused although they fit: 1/],
    ['fail when all that is left was too much', refund('refund-exceeds-payment', '5.00', { left: '4.99' }), /refused although they fit: 1/],
    ['fail when less is said to be left than now', refund('refund-exceeds-payment', '9.00', { left: '4.99' }), /refused although they fit: 1/],
    ['fail when the refund is no more than what is said to be left', refund('refund-exceeds-payment', '9.00', { left: '9.00' }), /refused although they fit: 1/],
    ['fail when the rest was too much', refund('refund-exceeds-payment', undefined, { left: '0.00' }), /refused although they fit: 1/, 0n],
  ]
  for (const [what, entry, finding, left = 500n] of cases) {
    it(what, () => {
      const findings = new Findings()
      checkRefunds(new Map([['key', [entry]]]), new Map([['payment', left]]), findings)
      assert.match(findings.lines.join('\n'), finding ?? /^$/)
    })
  }
})
