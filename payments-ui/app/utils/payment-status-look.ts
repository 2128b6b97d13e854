import type { PaymentStatus } from '#shared/types/payment'

export interface StatusLook {
  label: string
  color: 'neutral' | 'success' | 'error'
  icon: string
}

/** A status that is added to the list in shared/types/payment.ts and not here does not pass the type check. */
const LOOKS: Record<PaymentStatus, StatusLook> = {
  pending: { label: 'Pending', color: 'neutral', icon: 'i-lucide-clock' },
  completed: { label: 'Completed', color: 'success', icon: 'i-lucide-check' },
  failed: { label: 'Failed', color: 'error', icon: 'i-lucide-x' },
}

/** How a status is shown. One that only a newer API knows is shown under its plain name. */
export function paymentStatusLook(status: string): StatusLook {
  return Object.hasOwn(LOOKS, status)
    ? LOOKS[status as PaymentStatus]
    : { label: status, color: 'neutral', icon: 'i-lucide-circle-help' }
}
