import type { PaymentDetail } from '#shared/types/payment-detail'
import type { RefundDetail } from '#shared/types/refund'
import { formatMoney } from './format-money'
import { isStuck } from './payment-status-look'

export interface PaymentExplanation {
  tone: 'error' | 'warning'
  title: string
  detail: string
}

/** What is wrong with a payment or a refund, why, and what it means for the money. Null if nothing is. */
export function explainPayment(payment: PaymentDetail | RefundDetail): PaymentExplanation | null {
  const { status, outcome, job, reconciliation, currency } = payment
  if (isStuck(payment)) {
    return {
      tone: 'error',
      title: `Stuck: the worker gave up after ${attempts(job?.attempts ?? 0)}`,
      detail: `The last error was: ${sentence(job?.lastError || 'not recorded')} Nothing was posted, so no balance has changed. Once the cause is gone, retry the job.`,
    }
  }
  if (status === 'pending' && job?.lastError) {
    return {
      tone: 'warning',
      title: `${attempts(job.attempts)} failed; the worker tries again`,
      detail: `The last error was: ${sentence(job.lastError)} Nothing was posted, so no balance has changed.`,
    }
  }
  if (status === 'failed') {
    return {
      tone: 'error',
      title: `Failed because ${reconciliation?.notes ?? 'reconciliation refused it, without a reason'}`,
      detail: 'Nothing was posted, so no balance has changed. The result is final: to pay, create a new payment.',
    }
  }
  if (outcome === 'discrepancy' && reconciliation) {
    return {
      tone: 'warning',
      title: `${formatMoney(reconciliation.discrepancyAmount, currency)} ${currency} in dispute`,
      detail: `${sentence(reconciliation.notes ?? 'no reason was recorded')} The full amount was posted; the other side counts that much less.`,
    }
  }
  return null
}

function attempts(count: number): string {
  return count === 1
    ? '1 attempt'
    : `${count} attempts`
}

/** "the amount is zero" becomes "The amount is zero." */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`
}
