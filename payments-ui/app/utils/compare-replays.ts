import type { SentPayment } from './send-payment'

export interface ReplayVerdict {
  holds: boolean
  /** What happened, as a sentence. */
  sentence: string
}

/** Judges two repetitions of a payment: both must say that they repeat its first response, with the same bytes. */
export function compareReplays(first: SentPayment, second: SentPayment, paymentId: string): ReplayVerdict {
  if (!first.ok || !second.ok)
    return { holds: false, sentence: first.ok ? (second as { reason: string }).reason : first.reason }
  if (!first.replayed || !second.replayed || idOf(first.text) !== paymentId)
    return { holds: false, sentence: 'The API did not say that it repeated this payment.' }
  if (first.text !== second.text)
    return { holds: false, sentence: 'Two repetitions have different bytes.' }
  const bytes = new TextEncoder().encode(first.text).length
  return { holds: true, sentence: `Replayed, byte for byte: sent twice, and both responses have the same ${bytes} bytes. No new payment was made.` }
}

function idOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { id?: unknown }).id
  }
  catch {
    return undefined
  }
}
