import type { LedgerEntry, LedgerEntryPage } from '#shared/types/account'
import type { Balance } from '#shared/types/balance'
import type { Problem } from '#shared/types/problem'

/** The API's largest page. */
const PAGE_SIZE = 200
/** A page shows at most this many entries; the CSV has all. */
const MAX_PAGES = 5

/** Days in UTC, such as 2026-11-01, both inclusive. */
export interface Period { from: string, to: string }

export interface Statement {
  currency: string
  opening: string
  closing: string
  /** Oldest first. */
  entries: LedgerEntry[]
  /** The period has older entries than these. */
  cut: boolean
}

/** An account's statement for a period: the balances at its ends and the entries between. */
export function useStatement(accountId: string, period: Readonly<Ref<Period>>) {
  const path = `/api/accounts/${encodeURIComponent(accountId)}`
  const source = computed(() => JSON.stringify([accountId, period.value]))
  const loaded = useState<{ source: string, result: Statement | Problem } | null>('statement', () => shallowRef(null))
  let left = false
  onScopeDispose(() => left = true)
  const result = computed(() => loaded.value?.source === source.value ? loaded.value.result : null)

  async function fetchStatement({ from, to }: Period): Promise<Statement | Problem> {
    const [opening, closing] = await Promise.all([
      fetchJson<Balance>(`${path}/balance`, { query: { at: instantBefore(from) } }),
      fetchJson<Balance>(`${path}/balance`, { query: { at: endOfDay(to) } }),
    ])
    if (!opening.ok)
      return opening.problem
    if (!closing.ok)
      return closing.problem
    const newestFirst: LedgerEntry[] = []
    let cursor: string | undefined
    for (let page = 0; page < MAX_PAGES && (page === 0 || cursor !== undefined); page++) {
      const result = await fetchJson<LedgerEntryPage>(`${path}/entries`, { query: { ...periodQuery({ from, to }), limit: PAGE_SIZE, cursor } })
      if (!result.ok)
        return result.problem
      newestFirst.push(...result.body.entries)
      cursor = result.body.nextCursor ?? undefined
    }
    const { currency } = closing.body
    // A payment may settle between the requests, so the entries decide.
    return { currency, opening: opening.body.balance, closing: newestFirst[0]?.balanceAfter ?? closing.body.balance, entries: newestFirst.reverse(), cut: cursor !== undefined }
  }

  async function load(): Promise<void> {
    const requested = source.value
    const result = await fetchStatement(period.value)
    if (!left && requested === source.value) // no other account or period has been chosen since
      loaded.value = { source: requested, result }
  }

  return {
    /** Null until the statement of this account and period has been fetched. */
    statement: computed(() => result.value && 'entries' in result.value ? result.value : null),
    /** Why it could not be fetched. */
    problem: computed(() => result.value && 'status' in result.value ? result.value : null),
    load,
  }
}
