import type { Findings } from '../findings.ts'
import type { Exchange } from './journal.ts'
import { isRefundRefusal } from '../response-kind.ts'
import { kindOf } from './journal.ts'

/**
 * Checks what the repetition of each key revealed after the round: a key that the database had is replayed, and any other is new, or
 * belongs to a refund that its payment does not allow.
 * (Whether the bytes are the same is checked with all responses for a key.) A request whose outcome is unknown may have been
 * written between the reading of `keysBefore` and the repetition.
 */
export function checkReplays(exchanges: Exchange[], keysBefore: ReadonlySet<string>, findings: Findings): void {
  for (const [key, sameKey] of Map.groupBy(exchanges.filter(({ key }) => key !== undefined), ({ key }) => key!)) {
    const attempts = sameKey.filter(({ purpose }) => purpose !== 'reveal')
    const reveal = sameKey.findLast(({ purpose }) => purpose === 'reveal')
    const kind = reveal && kindOf(reveal)
    if (kind !== undefined && isRefundRefusal(kind)) {
      if (keysBefore.has(key))
        findings.add('keys whose repetition was refused although the database had them', `${key}: ${reveal!.body}`)
    }
    else if (!reveal || (kind !== 'accepted' && kind !== 'replayed')) {
      findings.add('keys whose repetition reveals nothing', `${key}: ${reveal ? `${reveal.status} ${reveal.error ?? reveal.body.slice(0, 300)}` : 'not repeated'}`)
    }
    else if (kind === 'accepted' && keysBefore.has(key)) {
      findings.add('keys that were new although the database had them', `${key}: ${reveal.body}`)
    }
    else if (kind === 'accepted' && attempts.some(({ outcome }) => outcome === 'ok')) {
      findings.add('acknowledged keys that were new again', `${key}: ${reveal.body}`)
    }
    else if (kind === 'replayed' && !keysBefore.has(key) && attempts.every(({ outcome }) => outcome === 'refused')) {
      findings.add('refused keys that were replayed', `${key}: ${reveal.body}`)
    }
  }
}
