import type { OperationsHistory } from '#shared/types/operations-history'
import type { Problem } from '#shared/types/problem'

/** The spans that the API keeps, in seconds, by their names there. */
export const HISTORY_SPANS = { '15m': 15 * 60, '6h': 6 * 3_600 } as const
export type HistorySpan = keyof typeof HISTORY_SPANS

/** The finest step of the history. */
const POLL_EVERY_MS = 5_000

/** What settled over the chosen span, fetched again while the tab is visible. */
export function useOperationsHistory() {
  const span = useState<HistorySpan>('history-span', () => '15m')
  const loaded = useState<{ span: HistorySpan, history: OperationsHistory } | null>('history', () => shallowRef(null))
  const problem = useState<Problem | null>('history-problem', () => shallowRef(null))

  async function load(): Promise<void> {
    const requested = span.value
    const result = await fetchJson<OperationsHistory>('/api/operations/history', { query: { span: requested } })
    if (requested !== span.value)
      return // another span has been chosen since
    problem.value = result.ok ? null : result.problem
    if (result.ok)
      loaded.value = { span: requested, history: result.body }
  }

  usePolling(load, POLL_EVERY_MS)
  watch(span, () => void load())

  return {
    span,
    /** Null until the chosen span has been fetched. */
    history: computed(() => loaded.value?.span === span.value ? loaded.value.history : null),
    problem: shallowReadonly(problem),
    load,
  }
}
