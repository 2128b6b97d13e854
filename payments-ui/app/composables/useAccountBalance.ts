import type { Balance } from '#shared/types/balance'
import type { Problem } from '#shared/types/problem'

export type BalanceState
  = | { kind: 'none' }
    | { kind: 'loading', accountId: string }
    | { kind: 'known', accountId: string, balance: Balance }
    | { kind: 'unknown', accountId: string }
    | { kind: 'refused', accountId: string, reason: string }
    | { kind: 'failed', accountId: string, problem: Problem }

/** At most three fetches per second, however many payments settle. */
const REFRESH_EVERY_MS = 333

/** The balance of the chosen account. */
export function useAccountBalance() {
  const state = useState<BalanceState>('account-balance', () => shallowRef({ kind: 'none' }))

  async function load(accountId: string): Promise<void> {
    const result = await fetchJson<Balance>(`/api/accounts/${encodeURIComponent(accountId)}/balance`)
    if (state.value.kind === 'none' || state.value.accountId !== accountId)
      return // another account has been chosen since
    if (result.ok)
      state.value = { kind: 'known', accountId, balance: result.body }
    else if (result.problem.status === 404)
      state.value = { kind: 'unknown', accountId }
    else if (result.problem.status === 400)
      state.value = { kind: 'refused', accountId, reason: result.problem.errors?.[0]?.detail ?? result.problem.title }
    else
      state.value = { kind: 'failed', accountId, problem: result.problem }
  }

  async function choose(accountId: string): Promise<void> {
    state.value = accountId
      ? { kind: 'loading', accountId }
      : { kind: 'none' }
    if (accountId)
      await load(accountId)
  }

  /** Fetches the chosen account's balance again. The old balance stays visible until the response arrives. */
  const refresh = coalesce(async () => {
    if (state.value.kind !== 'none')
      await load(state.value.accountId)
  }, REFRESH_EVERY_MS)

  return {
    state: shallowReadonly(state),
    choose,
    refresh,
  }
}
