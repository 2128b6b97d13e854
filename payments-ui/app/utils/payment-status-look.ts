import type { PaymentStatus } from '#shared/types/payment'
import type { BadgeColor } from './badge-class'

export interface StatusLook {
  label: string
  color: BadgeColor
  /** An SVG path in a 24 × 24 box. An icon component is too expensive for hundreds of rows. */
  icon: string
}

/** Must have every status of shared/types/payment.ts, or the type check fails. The icons are Lucide's. */
const LOOKS: Record<PaymentStatus, StatusLook> = {
  pending: { label: 'Pending', color: 'neutral', icon: 'M12 6v6l4 2M22 12a10 10 0 1 1-20 0 10 10 0 0 1 20 0' },
  completed: { label: 'Completed', color: 'success', icon: 'M20 6 9 17l-5-5' },
  failed: { label: 'Failed', color: 'error', icon: 'M18 6 6 18M6 6l12 12' },
}

/** How to show a status. An unknown status of a newer API is shown under its plain name. */
export function paymentStatusLook(status: string): StatusLook {
  return Object.hasOwn(LOOKS, status)
    ? LOOKS[status as PaymentStatus]
    : { label: status, color: 'neutral', icon: 'M9.1 9a3 3 0 0 1 5.8 1c0 2-3 3-3 3M12 17h.01M22 12a10 10 0 1 1-20 0 10 10 0 0 1 20 0' }
}
