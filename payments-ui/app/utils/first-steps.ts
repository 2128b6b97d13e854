import type { Payment } from '#shared/types/payment'
import { paymentPresets } from './payment-presets'

/** Each amount with a known outcome, as a step of somebody's first minutes. The ids are in a cookie. */
export interface FirstStep {
  id: string
  amount: string
  title: string
  /** What the outcome means for the books. */
  meaning: string
}

const TEXTS: Record<string, { title: string, meaning: string }> = {
  'preset-100': { title: 'Matched', meaning: 'Both sides agree. The payment is posted and the balance moves.' },
  'preset-discrepancy': { title: 'Discrepancy', meaning: 'An amount that ends in .13: posted, with 0.13 in dispute.' },
  'preset-zero': { title: 'Failed: zero', meaning: 'Accepted, then failed. Nothing is posted.' },
  'preset-negative': { title: 'Failed: negative', meaning: 'Accepted, then failed. Nothing is posted.' },
}

export const firstSteps: readonly FirstStep[] = paymentPresets.map(({ testId, amount }) => ({ id: testId.replace('preset-', ''), amount, ...TEXTS[testId]! }))

/** The step that a payment completes, once it has settled. Any payment with the outcome does. */
export function completedStep({ outcome, amount }: Pick<Payment, 'outcome' | 'amount'>): string | null {
  switch (outcome) {
    case 'matched': return '100'
    case 'discrepancy': return 'discrepancy'
    case 'failed': return amount.startsWith('-') ? 'negative' : /^0(?:\.0+)?$/.test(amount) ? 'zero' : null
    default: return null
  }
}
