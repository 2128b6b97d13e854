import type { Problem } from '#shared/types/problem'
import type { LoadedRows, RowRules, RowsPage } from '~/utils/loaded-rows'

/** At most one fetch per second, however many events arrive. */
const REFRESH_EVERY_MS = 1_000
/** The API's largest page. */
const MAX_PAGE_SIZE = 200
/** A list that outgrows this falls back to the newest page, so that an open tab does not grow without limit. */
const MAX_ROWS = 2_000
/** The API may return an empty page with a next cursor, when nothing it scanned matches the filters. Follow this many. */
const MAX_EMPTY_PAGES = 5

export interface CursorListOptions<Body, Row> {
  /** Unique among the console's lists. Loaded rows outlive the page under this name, for the back button. */
  name: string
  /** A path on the console's server. */
  path: string
  query?: Readonly<Ref<Record<string, string>>>
  rowsOf: (body: Body) => Row[]
  /** Names a row uniquely in the list. */
  keyOf: (row: Row) => string
  /** Chooses between a loaded row and the same one as fetched. Default: the loaded one if it is the same. */
  newer?: RowRules<Row>['newer']
  /** Brings fetched rows up to date with what happened while they were fetched. */
  amend?: (rows: Row[]) => Row[]
  /** The user has scrolled down: no visible row may disappear. */
  isReading?: Readonly<Ref<boolean>>
  refreshEveryMs?: number
}

/** A list that the API returns in pages, kept current: old rows stay until a response arrives, and loaded pages survive a refresh. */
export function useCursorList<Body extends { nextCursor: string | null }, Row>({
  name,
  path,
  query = ref({}),
  rowsOf,
  keyOf,
  newer = unlessSame,
  amend = rows => rows,
  isReading = ref(false),
  refreshEveryMs = REFRESH_EVERY_MS,
}: CursorListOptions<Body, Row>) {
  type Rows = LoadedRows<Row>
  const rules = { keyOf, newer }
  /** The path and query that return the rows. */
  const source = computed(() => JSON.stringify([path, query.value]))
  const loadedRows = useState<{ source: string, list: Rows } | null>(name, () => shallowRef(null))
  const problem = useState<Problem | null>(`${name}-problem`, () => shallowRef(null))
  const loadingMore = ref(false)
  /** So many rows arrived on top that the newest page no longer reaches down to the rows being read. */
  const gapAbove = ref(false)
  const loaded = computed(() => loadedRows.value?.source === source.value)
  const list = computed((): Rows => loaded.value ? loadedRows.value!.list : noRows)

  function show(next: Rows): void {
    loadedRows.value = { source: source.value, list: { ...next, rows: amend(next.rows) } }
  }

  /** Fetches a page, following empty ones. Returns undefined if the request failed or the query has changed since. */
  async function fetchPage({ limit, cursor }: { limit?: number, cursor?: string | null } = {}): Promise<RowsPage<Row> | undefined> {
    const requestedSource = source.value
    for (let emptyPages = 0; ; emptyPages++) {
      const result = await fetchJson<Body>(path, { query: { ...query.value, ...cursor && { cursor }, ...limit && { limit } } })
      if (source.value !== requestedSource)
        return undefined
      problem.value = result.ok ? null : result.problem
      if (!result.ok)
        return undefined
      const page = { rows: rowsOf(result.body), nextCursor: result.body.nextCursor }
      if (page.rows.length > 0 || page.nextCursor === null || emptyPages === MAX_EMPTY_PAGES)
        return page
      cursor = page.nextCursor
    }
  }

  let lastInTurn = Promise.resolve()
  /** Runs one fetch after the other: a refresh that began before a page was appended would remove it again. */
  function inTurn(run: () => Promise<void>): Promise<void> {
    return lastInTurn = lastInTurn.then(run)
  }

  /** Fetches as many rows as are loaded again, and those that are new on top of them. */
  async function fetchLoaded(): Promise<void> {
    const before = list.value
    let wanted = before.pages === 1 ? 0 : Math.min(before.rows.length, MAX_ROWS)
    let fresh: Rows = noRows
    do {
      const page = await fetchPage({ limit: Math.min(MAX_PAGE_SIZE, wanted - fresh.rows.length), cursor: fresh.nextCursor })
      if (!page)
        return
      if (fresh.rows.length === 0 && wanted > 0)
        wanted += newOnTop(before, page.rows, rules)
      fresh = withNextPage(fresh, page, rules)
    } while (fresh.nextCursor !== null && fresh.rows.length < wanted)
    show({ ...fresh, rows: newerRows(list.value, fresh.rows, rules), pages: list.value.pages })
  }

  /** Fetches the newest page; if it does not reach the loaded rows, the largest page; if that does not either, starts over. */
  async function fetchNewest(): Promise<void> {
    const page = await fetchPage()
    if (!page)
      return
    let next = withNewestPage(list.value, page, rules)
    if (!next) {
      const wide = await fetchPage({ limit: MAX_PAGE_SIZE })
      if (!wide)
        return
      next = withNewestPage(list.value, wide, rules)
    }
    const fits = next && next.rows.length <= MAX_ROWS
    gapAbove.value = !fits && isReading.value
    if (next && fits)
      show(next)
    else if (!gapAbove.value)
      show({ ...page, pages: 1 })
  }

  async function fetchNext(): Promise<void> {
    const cursor = list.value.nextCursor
    const page = cursor === null ? undefined : await fetchPage({ cursor })
    if (page && list.value.nextCursor === cursor)
      show(withNextPage(list.value, page, rules))
  }

  async function loadMore(): Promise<void> {
    if (loadingMore.value || list.value.nextCursor === null)
      return
    loadingMore.value = true
    show({ ...list.value, pages: list.value.pages + 1 }) // keeps the last row in place from now on
    await inTurn(fetchNext)
    loadingMore.value = false
  }

  const load = () => inTurn(fetchLoaded)
  let refreshAll = false
  const run = coalesce(async () => {
    const fetchRows = refreshAll ? load : fetchNewest
    refreshAll = false
    await fetchRows()
  }, refreshEveryMs)

  watch(source, () => {
    problem.value = null
    gapAbove.value = loadingMore.value = false
    lastInTurn = Promise.resolve() // what another query still waits for does not matter
    void load()
  })
  watch(isReading, (reading) => {
    if (reading && loaded.value)
      show({ ...list.value, pages: Math.max(2, list.value.pages) }) // keeps the last row in place
    else if (!reading && gapAbove.value)
      run()
  })

  return {
    rows: computed(() => list.value.rows),
    /** False until the first page has arrived. */
    loaded,
    hasMore: computed(() => list.value.nextCursor !== null),
    /** Why the last fetch failed; null if it succeeded. */
    problem: shallowReadonly(problem),
    loadingMore: shallowReadonly(loadingMore),
    gapAbove: shallowReadonly(gapAbove),
    load,
    loadNewest: fetchNewest,
    /** Fetches all loaded rows again, soon. */
    refresh: () => {
      refreshAll = true
      run()
    },
    /** Fetches what is new on top, soon: for lists whose newest rows come first. */
    refreshNewest: run,
    loadMore,
    /** Changes loaded rows in place. */
    change: (next: (rows: Row[]) => Row[]) => loaded.value && show({ ...list.value, rows: next(list.value.rows) }),
  }
}
