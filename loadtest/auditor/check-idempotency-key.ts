import type { Findings } from './findings.ts'
import type { PaymentEntry } from './journal.ts'
import { isRefundRefusal } from './response-kind.ts'

const isAcknowledged = ({ kind }: PaymentEntry) => kind === 'accepted' || kind === 'replayed'
const sentPayment = ({ accountId, amount = 'the rest', refundOf }: PaymentEntry) => `${accountId} ${amount}${refundOf === undefined ? '' : ` of ${refundOf}`}`

/**
 * Checks all responses for one idempotency key: at most one caller created the payment or refund, replays returned the same bytes,
 * and a different payment or refund got 422. Once a refund is accepted, its key is replayed whatever is left of the payment.
 */
export function checkIdempotencyKey(key: string, entries: PaymentEntry[], findings: Findings): void {
  const acknowledged = entries.filter(isAcknowledged)
  const bodies = new Set(acknowledged.map(({ body }) => body))
  if (bodies.size > 1)
    findings.add('keys whose responses differ', `${key}: ${[...bodies].join(' and ')}`)
  const uncertain = entries.some(({ kind }) => kind === 'lost' || kind === 'unexpected')
  const accepted = entries.filter(({ kind }) => kind === 'accepted').length
  if (accepted > 1 || (accepted === 0 && acknowledged.length > 0 && !uncertain))
    findings.add('keys that were not new exactly once', `${key}: new for ${accepted} of ${entries.length} requests`)

  const winner = acknowledged[0] && sentPayment(acknowledged[0])
  for (const entry of entries) {
    const isRefused = isRefundRefusal(entry.kind)
    if (entry.kind === 'unexpected' || (isRefused && entry.refundOf === undefined))
      findings.add('responses that no caller should see', `${key}: ${entry.status} ${entry.body.slice(0, 300)}`)
    else if (isRefused && sentPayment(entry) === winner && !wasPending(entry))
      findings.add('accepted refunds whose repetition was refused', `${key}: ${entry.body.slice(0, 300)}`)
    if (isAcknowledged(entry) && sentPayment(entry) !== winner)
      findings.add('different payments acknowledged under one key', `${key}: ${sentPayment(entry)}, but the key's payment is ${winner}`)
    if (entry.kind === 'idempotency-key-reused' && (sentPayment(entry) === winner || (!winner && !uncertain)))
      findings.add('payments refused with idempotency-key-reused although nothing else used the key', `${key}: ${sentPayment(entry)}`)
  }
}

/** Whether a refund was refused because its payment had not settled yet: later it may be accepted. */
export function wasPending({ body }: PaymentEntry): boolean {
  return (JSON.parse(body) as { paymentStatus?: string }).paymentStatus === 'pending'
}

/** The first response that acknowledges the payment. */
export function firstAcknowledged(entries: PaymentEntry[]): PaymentEntry | undefined {
  return entries.find(isAcknowledged)
}

/** Whether an unacknowledged payment may exist: a response was lost, or the API could not know the outcome. */
export function mayExist(entries: PaymentEntry[]): boolean {
  return entries.some(({ kind }) => kind === 'lost' || kind === 'unexpected' || kind === 'idempotency-key-in-use')
}
