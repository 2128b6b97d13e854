import type { Findings } from '../findings.ts'
import type { Exchange } from './journal.ts'
import { z } from 'zod'

const account = z.object({ id: z.string(), entryCount: z.number() })
const entriesPage = z.object({ entries: z.array(z.object({ accountVersion: z.number() })) })
const payment = z.object({ status: z.string() })

interface Seen { what: string, version: number, sentAt: number, endedAt: number }

/**
 * Checks that no caller travels back in time: a read that began after another had ended never sees an account at an earlier
 * version, or a settled payment pending again, whichever API process responds.
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
  const [, collection, id, rest] = /^\/(accounts|payments)\/([^/]+)(\/\w+)?$/.exec(pathname) ?? []
  const json = (): unknown => JSON.parse(body)
  const seen = (version: number): Seen[] => [{ what: `${collection}/${id}`, version, sentAt, endedAt: endedAt! }]
  if (method !== 'GET' || id === undefined || searchParams.has('cursor'))
    return []
  if (collection === 'payments')
    return seen(payment.parse(json()).status === 'pending' ? 0 : 1)
  if (rest === undefined)
    return seen(account.parse(json()).entryCount)
  return rest === '/entries' ? seen(entriesPage.parse(json()).entries[0]?.accountVersion ?? 0) : []
}
