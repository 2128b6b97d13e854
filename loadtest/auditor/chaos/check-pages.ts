import type { Findings } from '../findings.ts'
import type { Books } from './books.ts'
import type { Exchange } from './journal.ts'
import { z } from 'zod'

const page = z.object({ payments: z.array(z.object({ id: z.string() })).optional(), refunds: z.array(z.object({ id: z.string() })).optional(), entries: z.array(z.object({ accountVersion: z.number() })).optional() })

/**
 * Checks that the pages of each list that was read to its end after the round are together what the database has: no cursor skips
 * or repeats a row. `page` exchanges are in the order of their pages.
 */
export function checkPages(exchanges: Exchange[], { payments, entries }: Books, findings: Findings): void {
  for (const [list, pages] of Map.groupBy(exchanges.filter(({ purpose }) => purpose === 'page'), listOf)) {
    const failed = pages.find(({ outcome }) => outcome !== 'ok')
    if (failed) {
      findings.add('lists that could not be read after the round', `${failed.url}: ${failed.status} ${failed.error ?? failed.body.slice(0, 300)}`)
      continue
    }
    const rows = pages.map(({ body }) => page.parse(JSON.parse(body)))
    const read = rows.flatMap(({ payments = [], refunds = [], entries = [] }) => [...[...payments, ...refunds].map(({ id }) => id), ...entries.map(({ accountVersion }) => String(accountVersion))])
    const account = accountOf(pages[0]!)
    const stored = rows.some(({ entries }) => entries)
      ? entries.filter(({ accountId }) => accountId === account).map(({ version }) => String(version)).reverse()
      : payments.filter(({ accountId, refundOf }) => accountId === account && (refundOf !== null) === list.startsWith('/refunds')).map(({ id }) => id).reverse()
    if (read.join() !== stored.join())
      findings.add('lists whose pages differ from the database', `${list}: ${read.length} rows in ${pages.length} pages, stored ${stored.length}`)
  }
}

/** The list without its cursor. */
function listOf({ url }: Exchange): string {
  const { pathname, searchParams } = new URL(url)
  return `${pathname}?accountId=${searchParams.get('accountId') ?? ''}`
}

function accountOf({ url }: Exchange): string {
  const { pathname, searchParams } = new URL(url)
  return searchParams.get('accountId') ?? decodeURIComponent(/^\/accounts\/([^/]+)/.exec(pathname)![1]!)
}
