export interface PaymentPreset {
  testId: string
  amount: string
  /** What reconciliation makes of it, always. */
  becomes: string
}

/** One amount for each outcome of the reconciliation rules. */
export const paymentPresets: readonly PaymentPreset[] = [
  { testId: 'preset-100', amount: '100.00', becomes: 'Reconciles' },
  { testId: 'preset-discrepancy', amount: '42.13', becomes: 'Discrepancy' },
  { testId: 'preset-zero', amount: '0', becomes: 'Fails: zero' },
  { testId: 'preset-negative', amount: '-5', becomes: 'Fails: negative' },
]
