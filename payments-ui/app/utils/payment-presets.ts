export interface PaymentPreset {
  testId: string
  amount: string
  /** What the reconciliation rules always make of this amount. */
  result: string
}

/** One amount for each outcome of the reconciliation rules. */
export const paymentPresets: readonly PaymentPreset[] = [
  { testId: 'preset-100', amount: '100.00', result: 'Reconciles' },
  { testId: 'preset-discrepancy', amount: '42.13', result: 'Discrepancy' },
  { testId: 'preset-zero', amount: '0', result: 'Fails: zero' },
  { testId: 'preset-negative', amount: '-5', result: 'Fails: negative' },
]
