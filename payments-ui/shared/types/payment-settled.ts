import type { Payment } from './payment.ts'

/** The data of `event: payment` on the event stream: a payment has settled. */
export interface PaymentSettled extends Pick<Payment, 'id' | 'status' | 'outcome'> {
  /** Missing if an older worker settled the payment: then it can be of any account. */
  accountId?: string
}
