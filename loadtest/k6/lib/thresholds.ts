import type { PaymentResponseKind } from '../../auditor/journal.ts'

/** The type checker demands every kind here; k6 cannot import the list from the auditor, which needs Node. */
const allKinds: Record<PaymentResponseKind, true> = {
  'accepted': true,
  'replayed': true,
  'refused': true,
  'idempotency-key-in-use': true,
  'idempotency-key-reused': true,
  'lost': true,
  'unexpected': true,
}

/** The thresholds of every scenario: the audit passed, no unexpected kind of response came, and the first expected kind did. */
export function thresholds(expected: PaymentResponseKind[], others: Record<string, string[]> = {}): Record<string, string[]> {
  const unexpected = (Object.keys(allKinds) as PaymentResponseKind[]).filter(kind => !expected.includes(kind))
  return {
    audit_passed: ['rate==1'],
    ...Object.fromEntries(unexpected.map(kind => [`responses{kind:${kind}}`, ['count==0']])),
    ...Object.fromEntries(expected.slice(0, 1).map(kind => [`responses{kind:${kind}}`, ['count>0']])),
    ...others,
  }
}
