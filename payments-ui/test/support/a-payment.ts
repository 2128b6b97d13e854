import type { Payment } from '../../shared/types/payment'

export function aPayment(values: Partial<Payment> = {}): Payment {
  return {
    id: '01932f00-0000-7000-8000-000000000001',
    accountId: 'ACC-001',
    amount: '100.00',
    currency: 'USD',
    description: '',
    status: 'pending',
    jobDead: false,
    outcome: null,
    discrepancyAmount: null,
    createdAt: '2026-11-23T16:05:13.123Z',
    ...values,
  }
}
