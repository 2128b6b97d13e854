import type { Findings } from './findings.ts'
import type { Noted } from './journal.ts'

const isPayment = ({ kind }: Noted) => kind === 'accepted' || kind === 'replayed'
const sent = ({ accountId, amount }: Noted) => `${accountId} ${amount}`

/**
 * Checks all responses for one idempotency key: one caller at most created the payment, replays returned the same bytes, and a
 * different payment got 422.
 */
export function checkAttempts(key: string, attempts: Noted[], findings: Findings): void {
  const paid = attempts.filter(isPayment)
  if (new Set(paid.map(({ body }) => body)).size > 1)
    findings.add('keys whose answers are not the same bytes', `${key}: ${[...new Set(paid.map(({ body }) => body))].join(' and ')}`)
  const lost = attempts.some(({ kind }) => kind === 'lost' || kind === 'unexpected')
  const first = attempts.filter(({ kind }) => kind === 'accepted').length
  if (first > 1 || (first === 0 && paid.length > 0 && !lost))
    findings.add('keys that were not new exactly once', `${key}: new to ${first} of ${attempts.length} callers`)

  const winner = paid[0] && sent(paid[0])
  for (const attempt of attempts) {
    if (attempt.kind === 'unexpected')
      findings.add('answers that no caller should see', `${key}: ${attempt.status} ${attempt.body.slice(0, 300)}`)
    if (isPayment(attempt) && sent(attempt) !== winner)
      findings.add('other payments that were taken for the first one', `${key}: ${sent(attempt)}, and the payment is ${winner}`)
    if (attempt.kind === 'other-payment' && (sent(attempt) === winner || (!winner && !lost)))
      findings.add('same payments that were taken for another one', `${key}: ${sent(attempt)}`)
  }
}

/** The first answer that says that the payment was made. */
export function acknowledged(attempts: Noted[]): Noted | undefined {
  return attempts.find(isPayment)
}

/** Whether a payment may be there that nobody was told of: an answer was lost, or the API could not know. */
export function mayBeThere(attempts: Noted[]): boolean {
  return attempts.some(({ kind }) => kind === 'lost' || kind === 'unexpected' || kind === 'in-use')
}
