import type { Problem } from '#shared/types/problem'

/** The spans that the API keeps, in seconds, by their names there. */
export const HISTORY_SPANS = { '15m': 15 * 60, '6h': 6 * 3_600 } as const
export type HistorySpan = keyof typeof HISTORY_SPANS

/** The finest step of the history. */
const POLL_EVERY_MS = 5_000

/** A history over the span that the reader chose for all of them, fetched again while the tab is visible. */
export function useSpanHistory<Body>(name: string, path: string) {
  const span = useState<HistorySpan>('history-span', () => '15m')
  const loaded = useState<{ source: string, body: Body } | null>(name, () => shallowRef(null))
  const failed = useState<{ path: string, problem: Problem } | null>(`${name}-problem`, () => shallowRef(null))
  const source = computed(() => `${path} ${span.value}`)
  const problem = computed(() => failed.value?.path === path ? failed.value.problem : null)

  async function load(): Promise<void> {
    const requested = source.value
    const result = await fetchJson<Body>(path, { query: { span: span.value } })
    if (requested !== source.value)
      return // another span has been chosen since
    failed.value = result.ok ? null : { path, problem: result.problem }
    if (result.ok)
      loaded.value = { source: requested, body: result.body }
  }

  usePolling(load, POLL_EVERY_MS)
  watch(span, () => void load())

  return {
    span,
    /** Null until the chosen span has been fetched. */
    history: computed(() => loaded.value?.source === source.value ? loaded.value.body : null),
    problem,
    load,
  }
}
