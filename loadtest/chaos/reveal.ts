import type { Exchange } from '../auditor/chaos/journal.ts'
import type { Client } from './client.ts'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { kindOf } from '../auditor/chaos/journal.ts'
import { isRefundRefusal } from '../auditor/response-kind.ts'

const CONCURRENCY = 8
const TRIES = 5
const RETRY_MS = 500
/** Small, so that a list has many pages, and payments of one millisecond are on two of them. */
const PAGE_LIMIT = 7
/** More pages than a list of a round can have. */
const MAX_PAGES = 5_000

const page = z.object({ nextCursor: z.string().nullable() })

/**
 * Repeats each key of the exchanges once more, to any API process, so that each unknown outcome becomes known: also a refund that is
 * refused was never written, because a key that is held is replayed whatever is left of the payment.
 */
export async function revealKeys(exchanges: Exchange[], client: Client, apis: string[]): Promise<void> {
  const firsts = new Map(exchanges.filter(({ key, purpose }) => key !== undefined && ['pay', 'refund', 'probe'].includes(purpose)).map(exchange => [exchange.key!, exchange]))
  await inParallel([...firsts.values()], async ({ key, payment, refund, url }, n) => {
    for (let tried = 1; tried <= TRIES; tried++) {
      const exchange = await client({ purpose: 'reveal', api: apis[(n + tried) % apis.length]!, path: new URL(url).pathname, key, payment, refund })
      if (exchange.outcome === 'ok' || isRefundRefusal(kindOf(exchange)))
        return
      await delay(RETRY_MS)
    }
  })
}

/** Reads the payments, refunds and entries of these accounts, page by page. */
export async function readPages(accounts: string[], client: Client, apis: string[]): Promise<void> {
  const lists = accounts.flatMap(account => [`/payments?accountId=${account}&limit=${PAGE_LIMIT}`, `/refunds?accountId=${account}&limit=${PAGE_LIMIT}`, `/accounts/${account}/entries?limit=${PAGE_LIMIT}`])
  await inParallel(lists, async (list, n) => {
    let cursor: string | null = ''
    for (let i = 0; cursor !== null && i < MAX_PAGES; i++) {
      const { outcome, body }: Exchange = await client({ purpose: 'page', api: apis[(n + i) % apis.length]!, path: cursor === '' ? list : `${list}&cursor=${encodeURIComponent(cursor)}` })
      cursor = outcome === 'ok' ? page.parse(JSON.parse(body)).nextCursor : null
    }
  })
}

async function inParallel<T>(items: T[], work: (item: T, n: number) => Promise<void>): Promise<void> {
  const left = items.entries()
  await Promise.all(Array.from({ length: CONCURRENCY }, async () => {
    for (const [n, item] of left)
      await work(item, n)
  }))
}
