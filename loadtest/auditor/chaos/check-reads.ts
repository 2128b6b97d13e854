import type { Findings } from '../findings.ts'
import type { Books } from './books.ts'
import type { Exchange } from './journal.ts'
import { z } from 'zod'
import { cents } from '../cents.ts'

const paymentBody = z.object({ id: z.string(), accountId: z.string(), amount: z.string(), status: z.string() })
const paymentsPage = z.object({ payments: z.array(paymentBody), nextCursor: z.string().nullable() })
const entriesPage = z.object({ entries: z.array(z.object({ paymentId: z.string(), accountId: z.string(), amount: z.string(), balanceAfter: z.string(), accountVersion: z.number() })), nextCursor: z.string().nullable() })

interface Acknowledged { id: string, accountId: string, at: number }

/**
 * Checks that callers read their writes: a payment that was acknowledged before a read began is in it, whichever API process
 * responds. Lists are newest first, and contain only what the database has. A stream also announces payments that a fault or somebody
 * else makes: of those, only whether they have settled is checked.
 */
export function checkReadsOfPayments(exchanges: Exchange[], { payments }: Books, findings: Findings): void {
  const booked = new Map(payments.map(payment => [payment.id, payment]))
  const accounts = new Set(payments.map(({ accountId }) => accountId))
  const acknowledged = acknowledgements(exchanges)
  const agrees = ({ id, accountId, amount }: z.infer<typeof paymentBody>): boolean => booked.get(id)?.accountId === accountId && booked.get(id)?.amount === amount
  for (const { url, purpose, outcome, status, body, sentAt } of exchanges) {
    const { pathname, searchParams } = new URL(url)
    const id = /^\/payments\/([^/]+)$/.exec(pathname)?.[1]
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
    else if (pathname === '/payments' && searchParams.has('accountId') && outcome === 'ok') {
      const page = paymentsPage.parse(JSON.parse(body))
      const ids = page.payments.map(payment => payment.id)
      if (ids.some((id, i) => i > 0 && id >= ids[i - 1]!))
        findings.add('lists that are not newest first', url)
      for (const payment of page.payments.filter(payment => !agrees(payment)))
        findings.add('payments read differently than stored', `${url}: ${JSON.stringify(payment)}`)
      const newest = searchParams.get('cursor') ?? '~' // a later page begins below its cursor
      const oldest = page.nextCursor === null ? '' : ids.at(-1)!
      const missing = acknowledged.find(({ id, accountId, at }) => accountId === searchParams.get('accountId') && at < sentAt && id < newest && id >= oldest && !ids.includes(id))
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
    page.forEach(({ paymentId, accountId, accountVersion, amount, balanceAfter }, i) => {
      const entry = booked.get(`${accountId} ${accountVersion}`)
      if (!entry || entry.paymentId !== paymentId || cents(entry.amount) !== cents(amount) || cents(entry.balanceAfter) !== cents(balanceAfter))
        findings.add('entries read differently than stored', `${url}: version ${accountVersion} of payment ${paymentId}`)
      if (i > 0 && accountVersion !== page[i - 1]!.accountVersion - 1)
        findings.add('pages that skip an entry', `${url}: version ${page[i - 1]!.accountVersion} is followed by ${accountVersion}`)
    })
  }
}

function acknowledgements(exchanges: Exchange[]): Acknowledged[] {
  return exchanges.filter(({ key, outcome, purpose }) => key !== undefined && outcome === 'ok' && purpose !== 'other-body').map(({ body, endedAt }) => {
    const { id, accountId } = paymentBody.parse(JSON.parse(body))
    return { id, accountId, at: endedAt! }
  })
}
