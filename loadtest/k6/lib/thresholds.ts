import type { PaymentResponseKind } from '../../auditor/response-kind.ts'
import { paymentResponseKinds } from '../../auditor/response-kind.ts'

/** The thresholds of every scenario: the audit passed, no unexpected kind of response came, and the first expected kind did. */
export function thresholds(expected: PaymentResponseKind[], others: Record<string, string[]> = {}): Record<string, string[]> {
  const unexpected = paymentResponseKinds.filter(kind => !expected.includes(kind))
  return {
    audit_passed: ['rate==1'],
    ...Object.fromEntries(unexpected.map(kind => [`responses{kind:${kind}}`, ['count==0']])),
    ...Object.fromEntries(expected.slice(0, 1).map(kind => [`responses{kind:${kind}}`, ['count>0']])),
    ...others,
  }
}
