import type { Kind } from './pay.ts'

const kinds: Kind[] = ['accepted', 'replayed', 'refused', 'in-use', 'other-payment', 'lost', 'unexpected']

/** What holds for every scenario: the auditor found nothing, and no answer was of another kind than these. */
export function thresholds(expected: Kind[], others: Record<string, string[]> = {}): Record<string, string[]> {
  return {
    audit_passed: ['rate==1'],
    ...Object.fromEntries(kinds.filter(kind => !expected.includes(kind)).map(kind => [`answers{kind:${kind}}`, ['count==0']])),
    ...Object.fromEntries(expected.slice(0, 1).map(kind => [`answers{kind:${kind}}`, ['count>0']])),
    ...others,
  }
}
