import type { Problem } from '#shared/types/problem'

/** At most one fetch per second, however many events arrive. */
const REFRESH_EVERY_MS = 1_000
/** The API's largest page, so that a refresh takes few requests. */
const MAX_PAGE_SIZE = 200
const MAX_ROWS = 2_000

interface Loaded<Row> {
  /** The path and query that returned the rows. */
  source: string
  rows: Row[]
  nextCursor: string | null
}

export interface CursorListOptions<Body, Row> {
  /** Unique among the console's lists. */
  name: string
  /** A path on the console's server. */
  path: string
  query?: Readonly<Ref<Record<string, string>>>
  rowsOf: (body: Body) => Row[]
}

/** A list that the API returns in pages. `refresh` fetches the loaded rows again; the old ones stay until the response arrives. */
export function useCursorList<Body extends { nextCursor: string | null }, Row>({ name, path, query = ref({}), rowsOf }: CursorListOptions<Body, Row>) {
  const source = computed(() => JSON.stringify([path, query.value]))
  const list = useState<Loaded<Row> | null>(name, () => shallowRef(null))
  const problem = useState<Problem | null>(`${name}-problem`, () => shallowRef(null))
  const loadingMore = ref(false)
  const isCurrent = computed(() => list.value?.source === source.value)
  const rows = computed(() => isCurrent.value
    ? list.value!.rows
    : [])

  async function fetchPage({ limit, cursor }: { limit?: number, cursor?: string }): Promise<Body | undefined> {
    const requestedSource = source.value
    const result = await fetchJson<Body>(path, {
      query: { ...query.value, ...cursor && { cursor }, ...limit && { limit } },
    })
    if (source.value !== requestedSource)
      return undefined
    problem.value = result.ok
      ? null
      : result.problem
    return result.ok
      ? result.body
      : undefined
  }

  let lastInTurn = Promise.resolve()
  /** Runs one fetch after the other: a refresh that began before a page was appended would remove it again. */
  function inTurn(run: () => Promise<void>): Promise<void> {
    return lastInTurn = lastInTurn.then(run)
  }

  async function fetchLoaded(): Promise<void> {
    const requestedSource = source.value
    const wanted = Math.min(rows.value.length, MAX_ROWS)
    const fresh: Row[] = []
    let nextCursor: string | null = null
    do {
      const page = await fetchPage({
        limit: wanted > fresh.length
          ? Math.min(MAX_PAGE_SIZE, wanted - fresh.length)
          : undefined,
        cursor: nextCursor ?? undefined,
      })
      if (!page)
        return
      fresh.push(...rowsOf(page))
      nextCursor = page.nextCursor
    } while (nextCursor !== null && fresh.length < wanted)
    list.value = { source: requestedSource, rows: fresh, nextCursor }
  }

  async function fetchNext(): Promise<void> {
    const { value } = list
    if (!isCurrent.value || !value?.nextCursor)
      return
    const page = await fetchPage({ cursor: value.nextCursor })
    if (page) {
      list.value = {
        ...value,
        rows: [
          ...value.rows,
          ...rowsOf(page),
        ],
        nextCursor: page.nextCursor,
      }
    }
  }

  const load = () => inTurn(fetchLoaded)
  async function loadMore(): Promise<void> {
    if (loadingMore.value)
      return
    loadingMore.value = true
    await inTurn(fetchNext)
    loadingMore.value = false
  }

  const refresh = coalesce(load, REFRESH_EVERY_MS)
  watch(source, () => {
    problem.value = null
    lastInTurn = Promise.resolve() // what other filters still wait for does not matter
    void load()
  })

  return {
    rows,
    /** False until the first page has arrived. */
    loaded: isCurrent,
    hasMore: computed(() => isCurrent.value && list.value!.nextCursor !== null),
    /** Why the last fetch failed; null if it succeeded. */
    problem: shallowReadonly(problem),
    loadingMore: shallowReadonly(loadingMore),
    load,
    refresh,
    loadMore,
  }
}
