import type { AccountPage } from '#shared/types/account'
import type { Problem } from '#shared/types/problem'

export type FoundAccount
  = | { kind: 'one', accountId: string }
    | { kind: 'several', accountIds: string[], more: boolean }
    | { kind: 'none' }
    | { kind: 'failed', problem: Problem }

/** Candidates to offer when several accounts match. */
const MAX_CANDIDATES = 8

/** Finds the account that a person means: one with exactly this name, else in another case, else one that begins so. */
export async function findAccount(text: string): Promise<FoundAccount> {
  if (!isAccountId(text)) // the start of a name follows the rules of a name
    return { kind: 'none' }
  const result = await fetchJson<AccountPage>('/api/accounts', { query: { prefix: text, limit: MAX_CANDIDATES } })
  return result.ok
    ? chooseAccount(text, result.body)
    : { kind: 'failed', problem: result.problem }
}

/** Chooses among the accounts that begin with the text in any case. They are ordered by name, so the shortest are first. */
export function chooseAccount(text: string, { accounts, nextCursor }: AccountPage): FoundAccount {
  const accountIds = accounts.map(({ id }) => id)
  const sameName = accountIds.filter(id => id.toLowerCase() === text.toLowerCase())
  const chosen = accountIds.find(id => id === text)
    ?? (sameName.length === 1 ? sameName[0] : undefined)
    ?? (accountIds.length === 1 ? accountIds[0] : undefined)
  if (chosen !== undefined)
    return { kind: 'one', accountId: chosen }
  return accountIds.length === 0
    ? { kind: 'none' }
    : { kind: 'several', accountIds, more: nextCursor !== null }
}
