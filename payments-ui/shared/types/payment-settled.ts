import type { Payment } from './payment.ts'

/** The data of `event: payment` on the event stream: a payment has settled, or a refund of it. */
export interface PaymentSettled extends Pick<Payment, 'id' | 'status'> {
  /** Missing if an older worker settled the payment: then it can be of any account. */
  accountId?: string
  /** Missing if a refund settled, which leaves the payment's outcome as it is. */
  outcome?: Payment['outcome']
  /** The refund that settled. Missing if the payment did. */
  refundId?: string
}
