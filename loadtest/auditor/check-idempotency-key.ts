import type { Findings } from './findings.ts'
import type { PaymentEntry } from './journal.ts'

const isAcknowledged = ({ kind }: PaymentEntry) => kind === 'accepted' || kind === 'replayed'
const sentPayment = ({ accountId, amount }: PaymentEntry) => `${accountId} ${amount}`

/**
 * Checks all responses for one idempotency key: at most one caller created the payment, replays returned the same bytes, and a
 * different payment got 422.
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
    if (entry.kind === 'unexpected')
      findings.add('responses that no caller should see', `${key}: ${entry.status} ${entry.body.slice(0, 300)}`)
    if (isAcknowledged(entry) && sentPayment(entry) !== winner)
      findings.add('different payments acknowledged under one key', `${key}: ${sentPayment(entry)}, but the key's payment is ${winner}`)
    if (entry.kind === 'idempotency-key-reused' && (sentPayment(entry) === winner || (!winner && !uncertain)))
      findings.add('payments refused with idempotency-key-reused although nothing else used the key', `${key}: ${sentPayment(entry)}`)
  }
}

/** The first response that acknowledges the payment. */
export function firstAcknowledged(entries: PaymentEntry[]): PaymentEntry | undefined {
  return entries.find(isAcknowledged)
}

/** Whether an unacknowledged payment may exist: a response was lost, or the API could not know the outcome. */
export function mayExist(entries: PaymentEntry[]): boolean {
  return entries.some(({ kind }) => kind === 'lost' || kind === 'unexpected' || kind === 'idempotency-key-in-use')
}
