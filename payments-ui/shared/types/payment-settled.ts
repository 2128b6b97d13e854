import type { Payment } from './payment.ts'

/** The data of `event: payment` on the event stream: a payment has settled. */
export type PaymentSettled = Pick<Payment, 'id' | 'status' | 'outcome'>
