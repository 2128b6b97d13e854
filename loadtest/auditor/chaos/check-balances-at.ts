import type { Findings } from '../findings.ts'
import type { Books } from './books.ts'
import type { Exchange } from './journal.ts'
import { z } from 'zod'
import { cents, formatCents } from '../cents.ts'

const balanceBody = z.object({ accountId: z.string(), balance: z.string() })

/** Checks that each balance read at an instant is the sum of the account's entries up to and including that instant. */
export function checkBalancesAt(exchanges: Exchange[], { entries }: Books, findings: Findings): void {
  const byAccount = Map.groupBy(entries, ({ accountId }) => accountId)
  for (const { url, outcome, body } of exchanges) {
    const at = new URL(url).searchParams.get('at')
    if (at === null || outcome !== 'ok')
      continue
    const { accountId, balance } = balanceBody.parse(JSON.parse(body))
    const instant = withMicroseconds(at)
    const sum = (byAccount.get(accountId) ?? [])
      .filter(({ createdAt }) => createdAt <= instant)
      .reduce((sum, { type, amount }) => sum + (type === 'credit' ? cents(amount) : -cents(amount)), 0n)
    if (cents(balance) !== sum)
      findings.add('balances at an instant that differ from the sum of the entries', `${accountId} at ${at}: ${balance}, the entries sum to ${formatCents(sum)}`)
  }
}

/** The API's times have three decimals for a whole millisecond, otherwise six. */
function withMicroseconds(time: string): string {
  return /\.\d{3}Z$/.test(time) ? time.replace('Z', '000Z') : time
}
