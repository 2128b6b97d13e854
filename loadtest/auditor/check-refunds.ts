import type { Findings } from './findings.ts'
import type { Journal, PaymentEntry } from './journal.ts'
import { z } from 'zod'
import { cents, formatCents } from './cents.ts'
import { firstAcknowledged, wasPending } from './check-idempotency-key.ts'
import { isRefundRefusal } from './response-kind.ts'

const refusal = z.object({ left: z.string() })

/**
 * Checks the responses to refunds against what is left of their payments now, in cents by id. What is left never grows, so a refund
 * that fits now also fitted when it was refused, and a refund of all that was left has left nothing.
 */
export function checkRefunds(journal: Journal['payments'], left: ReadonlyMap<string, bigint>, findings: Findings): void {
  for (const [key, entries] of journal) {
    const accepted = firstAcknowledged(entries)
    const leftNow = accepted?.refundOf === undefined ? undefined : left.get(accepted.refundOf)
    if (accepted && accepted.amount === undefined && leftNow !== undefined && leftNow !== 0n)
      findings.add('refunds of all that was left that left something', `${key}: ${formatCents(leftNow)} of ${accepted.refundOf}`)
    for (const entry of entries) {
      if (isRefundRefusal(entry.kind) && entry.refundOf !== undefined && !wasPending(entry) && isUnjustified(entry, left.get(entry.refundOf)))
        findings.add('refunds that were refused although they fit', `${key}: ${entry.amount ?? 'the rest'} of ${entry.refundOf}: ${entry.body.slice(0, 300)}`)
    }
  }
}

function isUnjustified({ kind, amount, body }: PaymentEntry, leftNow = 0n): boolean {
  if (kind === 'payment-not-refundable')
    return leftNow > 0n
  const leftThen = refusal.safeParse(JSON.parse(body)).data?.left
  return amount === undefined || leftThen === undefined || cents(amount) <= cents(leftThen) || cents(leftThen) < leftNow
}
