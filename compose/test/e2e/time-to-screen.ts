import type { Page } from 'playwright-core'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pay } from '../support/pay.ts'

/** Longer than the list's pauses between fetches, so that each payment meets an idle console. */
const PAUSE_MS = 500
const TIMEOUT_MS = 20_000

export interface TimesToScreen {
  /** In ms. */
  median: number
  longest: number
}

/** Records in each of the page's next documents when each row first showed each status. */
export async function recordRows(page: Page): Promise<void> {
  await page.addInitScript({ path: join(import.meta.dirname, 'record-rows.js') })
}

/**
 * Makes payments one by one and measures the time from the settling transaction to the row that shows it as settled. The page shows
 * the list of payments and records its rows. The time is an upper bound: it begins with the transaction, before the commit.
 */
export async function measureTimeToScreen(page: Page, api: string, { accountId, payments }: { accountId: string, payments: number }): Promise<TimesToScreen> {
  const times: number[] = []
  for (let i = 0; i < payments; i++) {
    const id = await pay(api, { accountId, amount: '100.00' })
    await page.locator(`[data-testid=payment-row][data-payment-id="${id}"][data-status=completed]`).waitFor()
    const seenAt = await page.evaluate(key => (globalThis as unknown as { rowsSeen: Record<string, number> }).rowsSeen[key], `${id} completed`)
    const response = await fetch(`${api}/payments/${id}`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    const { updatedAt } = await response.json() as { updatedAt: string }
    times.push(seenAt! - Date.parse(updatedAt))
    await delay(PAUSE_MS)
  }
  times.sort((a, b) => a - b)
  return { median: times[Math.floor(times.length / 2)]!, longest: times.at(-1)! }
}
