import type { Problem } from '#shared/types/problem'

/** At most one fetch a second, however many events come. */
const REFRESH_EVERY_MS = 1_000
/** The API's largest page: what was loaded is fetched again in few calls. */
const MAX_PAGE_SIZE = 200
const MAX_ROWS = 2_000

interface Loaded<Row> {
  /** What the rows were asked for with. */
  source: string
  rows: Row[]
  nextCursor: string | null
}

export interface CursorListOptions<Body, Row> {
  /** Of its own for each list of the console. */
  name: string
  /** Path of this console's server. */
  path: string
  query?: Readonly<Ref<Record<string, string>>>
  rowsOf: (body: Body) => Row[]
}

/** A list that the API answers page by page. What is loaded is fetched again on `refresh`, and stays until the answer is there. */
export function useCursorList<Body extends { nextCursor: string | null }, Row>({ name, path, query = ref({}), rowsOf }: CursorListOptions<Body, Row>) {
  const source = computed(() => JSON.stringify([path, query.value]))
  const list = useState<Loaded<Row> | null>(name, () => shallowRef(null))
  const problem = useState<Problem | null>(`${name}-problem`, () => shallowRef(null))
  const loadingMore = ref(false)
  const isOurs = computed(() => list.value?.source === source.value)
  const rows = computed(() => isOurs.value
    ? list.value!.rows
    : [])

  async function fetchPage({ limit, cursor }: { limit?: number, cursor?: string }): Promise<Body | undefined> {
    const asked = source.value
    const result = await fetchJson<Body>(path, {
      query: { ...query.value, ...cursor && { cursor }, ...limit && { limit } },
    })
    if (source.value !== asked)
      return undefined
    problem.value = result.ok
      ? null
      : result.problem
    return result.ok
      ? result.body
      : undefined
  }

  async function load(): Promise<void> {
    const asked = source.value
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
    list.value = { source: asked, rows: fresh, nextCursor }
  }

  async function loadMore(): Promise<void> {
    const { value } = list
    if (!value?.nextCursor || loadingMore.value)
      return
    loadingMore.value = true
    const page = await fetchPage({ cursor: value.nextCursor })
    if (page && list.value === value) {
      list.value = {
        ...value,
        rows: [
          ...value.rows,
          ...rowsOf(page),
        ],
        nextCursor: page.nextCursor,
      }
    }
    loadingMore.value = false
  }

  const refresh = coalesce(load, REFRESH_EVERY_MS)
  watch(source, () => {
    problem.value = null
    void load()
  })

  return {
    rows,
    /** False until the first page has come. */
    loaded: isOurs,
    hasMore: computed(() => isOurs.value && list.value!.nextCursor !== null),
    /** Why the last fetch failed; null after one that did not. */
    problem: shallowReadonly(problem),
    loadingMore: shallowReadonly(loadingMore),
    load,
    refresh,
    loadMore,
  }
}
