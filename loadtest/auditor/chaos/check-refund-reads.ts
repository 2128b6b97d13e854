import type { Findings } from '../findings.ts'
import type { Exchange } from './journal.ts'
import { z } from 'zod'
import { cents, formatCents } from '../cents.ts'
import { acknowledgements, paymentBody } from './check-reads.ts'

const paymentDetail = paymentBody.extend({ refundedAmount: z.string(), refundableAmount: z.string(), refunds: z.array(paymentBody), moreRefunds: z.boolean() })
type PaymentDetail = z.infer<typeof paymentDetail>

const sumOf = (refunds: { amount: string }[]): bigint => refunds.reduce((sum, { amount }) => sum + cents(amount), 0n)

/**
 * Checks each payment that a caller read against its refunds in the same response: what was refunded, what is left and the status
 * follow from them, and those that were acknowledged before the read began are among them.
 */
export function checkReadsOfRefunds(exchanges: Exchange[], findings: Findings): void {
  const acknowledged = Map.groupBy(acknowledgements(exchanges).filter(({ paymentId }) => paymentId !== undefined), ({ paymentId }) => paymentId!)
  for (const { method, url, outcome, body, sentAt } of exchanges) {
    if (method !== 'GET' || outcome !== 'ok' || !/^\/payments\/[^/]+$/.test(new URL(url).pathname))
      continue
    const payment = paymentDetail.parse(JSON.parse(body))
    if (payment.moreRefunds)
      continue
    const { id, refunds, refundedAmount, refundableAmount } = payment
    const settled = sumOf(refunds.filter(({ status }) => status === 'completed'))
    if (cents(refundedAmount) !== settled || payment.status !== statusWith(settled, payment) || cents(refundableAmount) !== leftOf(payment))
      findings.add('payments that disagree with their refunds', `${id}: ${refundedAmount} refunded, ${refundableAmount} left, ${payment.status}; its refunds settled ${formatCents(settled)} of ${formatCents(sumOf(refunds))}`)
    for (const missing of (acknowledged.get(id) ?? []).filter(refund => refund.at < sentAt && !refunds.some(({ id }) => id === refund.id)))
      findings.add('acknowledged refunds that were missing from their payment', `${missing.id} from ${url}`)
  }
}

function statusWith(settled: bigint, { amount, status }: PaymentDetail): string {
  if (settled === 0n)
    return status === 'pending' || status === 'failed' ? status : 'completed'
  return settled === cents(amount) ? 'refunded' : 'partially_refunded'
}

function leftOf({ amount, status, refunds }: PaymentDetail): bigint {
  return status === 'completed' || status === 'partially_refunded' ? cents(amount) - sumOf(refunds) : 0n
}
