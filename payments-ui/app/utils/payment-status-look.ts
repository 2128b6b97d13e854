import type { Payment, PaymentStatus } from '#shared/types/payment'
import type { BadgeColor } from './badge-class'

export interface StatusLook {
  label: string
  color: BadgeColor
  /** An SVG path in a 24 × 24 box. An icon component is too expensive for hundreds of rows. */
  icon: string
}

const REFUND_ICON = 'M9 14 4 9l5-5M4 9h10.5a5.5 5.5 0 0 1 0 11H11'

/** Must have every status of shared/types/payment.ts, or the type check fails. The icons are Lucide's. */
const LOOKS: Record<PaymentStatus, StatusLook> = {
  pending: { label: 'Pending', color: 'neutral', icon: 'M12 6v6l4 2M22 12a10 10 0 1 1-20 0 10 10 0 0 1 20 0' },
  completed: { label: 'Completed', color: 'success', icon: 'M20 6 9 17l-5-5' },
  failed: { label: 'Failed', color: 'error', icon: 'M18 6 6 18M6 6l12 12' },
  partially_refunded: { label: 'Partially refunded', color: 'neutral', icon: REFUND_ICON },
  refunded: { label: 'Refunded', color: 'neutral', icon: REFUND_ICON },
}

/** A pending payment whose job is dead looks like no other pending payment: nothing will happen until somebody retries the job. */
const STUCK: StatusLook = { label: 'Stuck', color: 'error', icon: 'M12 8v4M12 16h.01M7.9 2h8.2L22 7.9v8.2L16.1 22H7.9L2 16.1V7.9L7.9 2z' }

/** Whether the worker has given the payment up. A settled payment is not stuck, whatever an older response said of its job. */
export function isStuck({ status, jobDead }: Pick<Payment, 'status' | 'jobDead'>): boolean {
  return status === 'pending' && jobDead
}

/** How to show a status. An unknown status of a newer API is shown under its plain name. */
export function paymentStatusLook(status: string, stuck = false): StatusLook {
  if (stuck)
    return STUCK
  return Object.hasOwn(LOOKS, status)
    ? LOOKS[status as PaymentStatus]
    : { label: status, color: 'neutral', icon: 'M9.1 9a3 3 0 0 1 5.8 1c0 2-3 3-3 3M12 17h.01M22 12a10 10 0 1 1-20 0 10 10 0 0 1 20 0' }
}
