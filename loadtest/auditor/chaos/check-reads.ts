import type { Findings } from '../findings.ts'
import type { Books } from './books.ts'
import type { Exchange } from './journal.ts'
import { z } from 'zod'
import { cents } from '../cents.ts'

/** A payment or, with a paymentId, a refund. */
export const paymentBody = z.object({ id: z.string(), paymentId: z.string().optional(), accountId: z.string(), amount: z.string(), status: z.string() })
const listPage = z.object({ payments: z.array(paymentBody).default([]), refunds: z.array(paymentBody).default([]), nextCursor: z.string().nullable() })
const entriesPage = z.object({ entries: z.array(z.object({ paymentId: z.string(), refundId: z.string().nullable(), accountId: z.string(), amount: z.string(), balanceAfter: z.string(), accountVersion: z.number() })), nextCursor: z.string().nullable() })

interface Acknowledged { id: string, accountId: string, paymentId: string | undefined, at: number }

/**
 * Checks that callers read their writes: a payment or refund that was acknowledged before a read began is in it, whichever API
 * process responds. Lists are newest first, and contain only what the database has. A stream also announces payments that a fault or
 * somebody else makes: of those, only whether they have settled is checked.
 */
export function checkReadsOfPayments(exchanges: Exchange[], { payments }: Books, findings: Findings): void {
  const booked = new Map(payments.map(payment => [payment.id, payment]))
  const accounts = new Set(payments.map(({ accountId }) => accountId))
  const acknowledged = acknowledgements(exchanges)
  const agrees = ({ id, paymentId, accountId, amount }: z.infer<typeof paymentBody>): boolean => {
    const stored = booked.get(id)
    return stored?.accountId === accountId && stored.amount === amount && stored.refundOf === (paymentId ?? null)
  }
  for (const { method, url, purpose, outcome, status, body, sentAt } of exchanges) {
    const { pathname, searchParams } = new URL(url)
    const [, collection, id] = /^\/(payments|refunds)(?:\/([^/]+))?$/.exec(pathname) ?? []
    if (collection === undefined || method !== 'GET')
      continue
    if (id !== undefined) {
      if (outcome === 'refused')
        findings.add('acknowledged payments that a caller could not read', `${url}: ${status}`)
      if (outcome !== 'ok')
        continue
      const payment = paymentBody.parse(JSON.parse(body))
      const isForeign = purpose === 'read-announced' && !booked.has(id) && !accounts.has(payment.accountId)
      if (payment.id !== id || (!isForeign && !agrees(payment)))
        findings.add('payments read differently than stored', `${url}: ${body.slice(0, 300)}`)
      if (purpose === 'read-announced' && payment.status === 'pending')
        findings.add('payments that were announced before they had settled', url)
    }
    else if (outcome === 'ok') {
      const page = listPage.parse(JSON.parse(body))
      const rows = page[collection as 'payments' | 'refunds']
      const ids = rows.map(({ id }) => id)
      if (ids.some((id, i) => i > 0 && id >= ids[i - 1]!))
        findings.add('lists that are not newest first', url)
      for (const payment of rows.filter(payment => !agrees(payment)))
        findings.add('payments read differently than stored', `${url}: ${JSON.stringify(payment)}`)
      const newest = searchParams.get('cursor') ?? '~' // a later page begins below its cursor
      const oldest = page.nextCursor === null ? '' : ids.at(-1)!
      const isListed = ({ accountId, paymentId }: Acknowledged): boolean => (paymentId !== undefined) === (collection === 'refunds')
        && (searchParams.get('accountId') ?? accountId) === accountId && (searchParams.get('paymentId') ?? paymentId) === paymentId
      const missing = acknowledged.find(payment => isListed(payment) && payment.at < sentAt && payment.id < newest && payment.id >= oldest && !ids.includes(payment.id))
      if (missing)
        findings.add('acknowledged payments that were missing from a list', `${missing.id} from ${url}`)
    }
  }
}

/** Checks that each page of entries is what the database has: a ledger entry never changes. */
export function checkReadsOfEntries(exchanges: Exchange[], { entries }: Books, findings: Findings): void {
  const booked = new Map(entries.map(entry => [`${entry.accountId} ${entry.version}`, entry]))
  for (const { url, outcome, body } of exchanges) {
    if (outcome !== 'ok' || !/^\/accounts\/[^/]+\/entries$/.test(new URL(url).pathname))
      continue
    const page = entriesPage.parse(JSON.parse(body)).entries
    page.forEach(({ paymentId, refundId, accountId, accountVersion, amount, balanceAfter }, i) => {
      const entry = booked.get(`${accountId} ${accountVersion}`)
      if (!entry || entry.paymentId !== paymentId || entry.refundId !== refundId || cents(entry.amount) !== cents(amount) || cents(entry.balanceAfter) !== cents(balanceAfter))
        findings.add('entries read differently than stored', `${url}: version ${accountVersion} of payment ${paymentId}`)
      if (i > 0 && accountVersion !== page[i - 1]!.accountVersion - 1)
        findings.add('pages that skip an entry', `${url}: version ${page[i - 1]!.accountVersion} is followed by ${accountVersion}`)
    })
  }
}

/** What callers know that exists, and since when. */
export function acknowledgements(exchanges: Exchange[]): Acknowledged[] {
  return exchanges.filter(({ key, outcome, purpose }) => key !== undefined && outcome === 'ok' && purpose !== 'other-body').map(({ body, endedAt }) => {
    const { id, paymentId, accountId } = paymentBody.parse(JSON.parse(body))
    return { id, paymentId, accountId, at: endedAt! }
  })
}
