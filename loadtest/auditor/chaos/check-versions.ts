import type { Findings } from '../findings.ts'
import type { Exchange } from './journal.ts'
import { z } from 'zod'
import { cents } from '../cents.ts'

const account = z.object({ id: z.string(), entryCount: z.number() })
const entriesPage = z.object({ entries: z.array(z.object({ accountVersion: z.number() })) })
const payment = z.object({ status: z.string(), refundedAmount: z.string() })
const refund = z.object({ status: z.string() })

/** A status never goes back to one of a lower rank. */
const RANKS: Record<string, number> = { pending: 0, failed: 1, completed: 1, partially_refunded: 2, refunded: 3 }

interface Seen { what: string, version: number, sentAt: number, endedAt: number }

/**
 * Checks that no caller travels back in time: a read that began after another had ended never sees an account at an earlier
 * version, a settled payment or refund pending again, or less of a payment refunded, whichever API process responds.
 */
export function checkVersions(exchanges: Exchange[], findings: Findings): void {
  const seen = exchanges.filter(({ outcome }) => outcome === 'ok').flatMap(versionsIn)
  for (const reads of Map.groupBy(seen, ({ what }) => what).values()) {
    const byEnd = reads.toSorted((a, b) => a.endedAt - b.endedAt)
    let next = 0
    let newest: Seen | undefined
    for (const read of reads.toSorted((a, b) => a.sentAt - b.sentAt)) {
      for (; next < byEnd.length && byEnd[next]!.endedAt < read.sentAt; next++)
        newest = newest && newest.version >= byEnd[next]!.version ? newest : byEnd[next]!
      if (newest && read.version < newest.version)
        findings.add('reads that went back in time', `${read.what}: version ${read.version}, after version ${newest.version}`)
    }
  }
}

function versionsIn({ url, method, body, sentAt, endedAt }: Exchange): Seen[] {
  const { pathname, searchParams } = new URL(url)
  const [, collection, id, rest] = /^\/(accounts|payments|refunds)\/([^/]+)(\/\w+)?$/.exec(pathname) ?? []
  const json = (): unknown => JSON.parse(body)
  const seen = (version: number, of = ''): Seen[] => [{ what: `${collection}/${id}${of}`, version, sentAt, endedAt: endedAt! }]
  if (method !== 'GET' || id === undefined || searchParams.has('cursor'))
    return []
  if (collection === 'payments') {
    const { status, refundedAmount } = payment.parse(json())
    return [...seen(RANKS[status]!), ...seen(Number(cents(refundedAmount)), ' refundedAmount')]
  }
  if (collection === 'refunds')
    return seen(RANKS[refund.parse(json()).status]!)
  if (rest === undefined)
    return seen(account.parse(json()).entryCount)
  return rest === '/entries' ? seen(entriesPage.parse(json()).entries[0]?.accountVersion ?? 0) : []
}
