import type { Payment, PaymentPage } from '#shared/types/payment'
import type { PaymentSettled } from '#shared/types/payment-settled'
import type { Problem } from '#shared/types/problem'
import type { PaymentList } from '~/utils/payment-list'

/** At most three fetches per second, however many events arrive. */
const REFRESH_EVERY_MS = 333
/** Events are applied in batches, because a worker settles hundreds of payments at once. */
const PATCH_EVERY_MS = 100
/** The API's largest page. */
const MAX_PAGE_SIZE = 200
/** A list that outgrows this falls back to the newest page, so that an open tab does not grow without limit. */
const MAX_ROWS = 2_000
/** Settled payments to remember, for responses that were in flight when they settled. */
const MAX_REMEMBERED = 1_000
/** Discrepancies to fetch at a time: the event does not contain the amount. */
const MAX_DETAILS = 20
/** The API may return an empty page with a next cursor, when nothing it scanned matches the filters. Follow this many. */
const MAX_EMPTY_PAGES = 5

export interface PaymentListOptions {
  /** Unique among the console's lists. Loaded payments outlive the page under this name, for the back button. */
  name?: string
  /** The query of GET /payments. */
  query?: Readonly<Ref<Record<string, string>>>
  /** The user has scrolled down: no visible row may disappear. */
  isReading?: Readonly<Ref<boolean>>
}

/** A list of payments, fetched on the server and kept current by the event stream. */
export function usePaymentList({ name = 'payment-list', query: filters = ref({}), isReading = ref(false) }: PaymentListOptions = {}) {
  const list = useState<PaymentList>(name, () => shallowRef(emptyPaymentList))
  const loaded = useState(`${name}-loaded`, () => false)
  const problem = useState<Problem | null>(`${name}-problem`, () => shallowRef(null))
  /** The query that returned the loaded payments. */
  const loadedQuery = useState(`${name}-query`, () => JSON.stringify(filters.value))
  const loadingMore = ref(false)
  /** So many payments arrived that the newest page no longer reaches down to the rows being read. */
  const gapAbove = ref(false)
  const recentlySettled = new Map<string, PaymentSettled>()
  let settledBatch = new Map<string, PaymentSettled>()
  let refetchOnRefresh = false

  /** Fetches a page, following empty ones. Returns undefined if the request failed or the filters have changed since. */
  async function fetchPage({ limit, cursor }: { limit?: number, cursor?: string } = {}): Promise<PaymentPage | undefined> {
    const requestedQuery = JSON.stringify(filters.value)
    for (let emptyPages = 0; ; emptyPages++) {
      const result = await fetchJson<PaymentPage>('/api/payments', {
        query: { ...filters.value, limit, cursor },
      })
      if (JSON.stringify(filters.value) !== requestedQuery)
        return undefined
      problem.value = result.ok ? null : result.problem
      if (!result.ok)
        return undefined
      const { payments, nextCursor } = result.body
      if (payments.length > 0 || nextCursor === null || emptyPages === MAX_EMPTY_PAGES)
        return result.body
      cursor = nextCursor
    }
  }

  function startOver(): void {
    loadedQuery.value = JSON.stringify(filters.value)
    list.value = emptyPaymentList
    loaded.value = false
    problem.value = null
    gapAbove.value = false
    loadingMore.value = false
  }

  if (loadedQuery.value !== JSON.stringify(filters.value))
    startOver()
  watch(() => JSON.stringify(filters.value), () => {
    startOver()
    void refreshNewest()
  })

  const fetchDiscrepancies = coalesce(async () => {
    const unknown = list.value.payments.filter(payment => payment.outcome === 'discrepancy' && payment.discrepancyAmount === null)
    const results = await Promise.all(unknown.slice(0, MAX_DETAILS).map(({ id }) => fetchJson<Payment>(`/api/payments/${id}`)))
    for (const result of results) {
      if (result.ok)
        list.value = withPayment(list.value, result.body)
    }
    if (unknown.length > MAX_DETAILS && results.every(({ ok }) => ok))
      fetchDiscrepancies()
  }, REFRESH_EVERY_MS)

  function show(next: PaymentList): void {
    list.value = withSettledSince(next, recentlySettled)
    loaded.value = true
    fetchDiscrepancies()
  }

  /** Fetches the newest page; if it does not reach the loaded payments, the largest page; if that does not either, starts over. */
  async function refreshNewest(): Promise<void> {
    const page = await fetchPage()
    if (!page)
      return
    let next = withNewestPage(list.value, page)
    if (!next) {
      const wide = await fetchPage({ limit: MAX_PAGE_SIZE })
      if (!wide)
        return
      next = withNewestPage(list.value, wide)
    }
    const fits = next && next.payments.length <= MAX_ROWS
    gapAbove.value = !fits && isReading.value
    if (next && fits)
      show(next)
    else if (!gapAbove.value)
      show(withNextPage(emptyPaymentList, page))
  }

  async function refetchAll(): Promise<void> {
    const { pages, payments } = list.value
    const [limit, wanted] = pages === 1
      ? [undefined, 0]
      : [MAX_PAGE_SIZE, payments.length]
    let fresh: PaymentList = { ...emptyPaymentList, pages }
    do {
      const page = await fetchPage({ limit, cursor: fresh.nextCursor ?? undefined })
      if (!page)
        return
      fresh = withNextPage(fresh, page)
    } while (fresh.nextCursor && fresh.payments.length < wanted)
    show(fresh)
  }

  const refresh = coalesce(async () => {
    const all = refetchOnRefresh
    refetchOnRefresh = false
    await (all
      ? refetchAll()
      : refreshNewest())
  }, REFRESH_EVERY_MS)

  watch(isReading, (reading) => {
    if (reading)
      list.value = { ...list.value, pages: Math.max(2, list.value.pages) } // keeps the last row in place
    else if (gapAbove.value)
      refresh()
  })

  function resync(): void {
    refetchOnRefresh = true
    refresh()
  }

  async function loadMore(): Promise<void> {
    const cursor = list.value.nextCursor
    if (cursor === null || loadingMore.value)
      return
    loadingMore.value = true
    list.value = { ...list.value, pages: list.value.pages + 1 } // keeps the last row in place from now on
    const page = await fetchPage({ cursor })
    if (page && list.value.nextCursor === cursor)
      show(withNextPage(list.value, page))
    loadingMore.value = false
  }

  const flushSettled = coalesce(async () => {
    const batch = settledBatch
    settledBatch = new Map()
    const known = new Set(list.value.payments.map(payment => payment.id))
    if ([
      ...batch.keys(),
    ].some(id => known.has(id))) {
      show(withSettled(list.value, batch))
    }
    if ([
      ...batch.keys(),
    ].some(id => !known.has(id)) || ['status', 'outcome', 'jobDead'].some(name => name in filters.value)) {
      refresh()
    }
  }, PATCH_EVERY_MS)

  function applySettled(settled: PaymentSettled): void {
    settledBatch.set(settled.id, settled)
    recentlySettled.set(settled.id, settled)
    for (const id of recentlySettled.keys()) {
      if (recentlySettled.size <= MAX_REMEMBERED)
        break
      recentlySettled.delete(id)
    }
    flushSettled()
  }

  return {
    payments: computed(() => list.value.payments),
    hasMore: computed(() => list.value.nextCursor !== null),
    /** False until the first page has arrived. */
    loaded: shallowReadonly(loaded),
    /** Why the last fetch failed; null if it succeeded. */
    problem: shallowReadonly(problem),
    loadingMore: shallowReadonly(loadingMore),
    gapAbove: shallowReadonly(gapAbove),
    refreshNewest,
    refresh,
    resync,
    loadMore,
    applySettled,
  }
}
