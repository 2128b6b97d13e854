import type { Balance } from '#shared/types/balance'
import type { Payment, PaymentPage } from '#shared/types/payment'
import type { Problem } from '#shared/types/problem'

const PAGE = 200
/** More than the longest load makes. */
const MAX_PAGES = 40

export type ListedLoad
  = | { ok: true, payments: Payment[], balance: string }
    | { ok: false, problem: Problem }

/** Fetches all payments of a load's account, then its balance: what settles in between shows as a balance that is ahead. */
export async function listLoad(accountId: string): Promise<ListedLoad> {
  const payments: Payment[] = []
  let cursor: string | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    const result = await fetchJson<PaymentPage>('/api/payments', { query: { accountId, limit: PAGE, cursor } })
    if (!result.ok)
      return result
    payments.push(...result.body.payments)
    cursor = result.body.nextCursor ?? undefined
    if (cursor === undefined)
      break
  }
  const balance = await fetchJson<Balance>(`/api/accounts/${encodeURIComponent(accountId)}/balance`)
  return balance.ok ? { ok: true, payments, balance: balance.body.balance } : balance
}
