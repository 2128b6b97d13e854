import type { Payment, PaymentPage } from '#shared/types/payment'
import type { PaymentSettled } from '#shared/types/payment-settled'
import type { Problem } from '#shared/types/problem'
import type { PaymentList } from '~/utils/payment-list'

/** At most about three fetches a second, however many events come. */
const REFRESH_EVERY_MS = 333
/** Events are applied to the list in batches: a worker settles hundreds of payments at once. */
const PATCH_EVERY_MS = 100
/** The API's largest page. */
const MAX_PAGE_SIZE = 200
/** A tab that is left open goes back to the newest page rather than grow for ever. */
const MAX_ROWS = 2_000
/** Settled payments remembered, for answers that were on their way meanwhile. */
const MAX_REMEMBERED = 1_000
/** Payments whose discrepancy is fetched at a time: the event does not tell the amount. */
const MAX_DETAILS = 20
/** A page may come empty where filters leave out all that the API looked at; so many are followed at a time. */
const MAX_EMPTY_PAGES = 5

export interface PaymentListOptions {
  /** Of its own for each list of the console: what is loaded outlives the page, for the back button. */
  name?: string
  /** Filters, as GET /payments takes them. */
  query?: Readonly<Ref<Record<string, string>>>
  /** Someone reads further down: nothing that is shown may go away. */
  isReading?: Readonly<Ref<boolean>>
}

/** A list of payments, kept current: fetched on the server, then by what the event stream tells. */
export function usePaymentList({ name = 'payment-list', query: filters = ref({}), isReading = ref(false) }: PaymentListOptions = {}) {
  const list = useState<PaymentList>(name, () => shallowRef(emptyPaymentList))
  const loaded = useState(`${name}-loaded`, () => false)
  const problem = useState<Problem | null>(`${name}-problem`, () => shallowRef(null))
  /** What the loaded payments were asked for with. */
  const loadedQuery = useState(`${name}-query`, () => JSON.stringify(filters.value))
  const loadingMore = ref(false)
  /** So many payments came that the newest page no longer reaches down to what is read. */
  const gapAbove = ref(false)
  const settledLately = new Map<string, PaymentSettled>()
  let settledNow = new Map<string, PaymentSettled>()
  let everything = false

  /** A page of the filters' payments, or undefined: it failed, or the filters are others by now. Follows pages that come empty. */
  async function fetchPage({ limit, cursor }: { limit?: number, cursor?: string } = {}): Promise<PaymentPage | undefined> {
    const asked = JSON.stringify(filters.value)
    for (let emptyPages = 0; ; emptyPages++) {
      const result = await fetchJson<PaymentPage>('/api/payments', {
        query: { ...filters.value, limit, cursor },
      })
      if (JSON.stringify(filters.value) !== asked)
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
    list.value = withSettledSince(next, settledLately)
    loaded.value = true
    fetchDiscrepancies()
  }

  /** Fetches the newest page and, when it does not reach down to what is loaded, once more of it; else starts over from it. */
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
    const all = everything
    everything = false
    await (all
      ? refetchAll()
      : refreshNewest())
  }, REFRESH_EVERY_MS)

  watch(isReading, (reading) => {
    if (reading)
      list.value = { ...list.value, pages: Math.max(2, list.value.pages) } // the tail stays where it is
    else if (gapAbove.value)
      refresh()
  })

  function resync(): void {
    everything = true
    refresh()
  }

  async function loadMore(): Promise<void> {
    const cursor = list.value.nextCursor
    if (cursor === null || loadingMore.value)
      return
    loadingMore.value = true
    list.value = { ...list.value, pages: list.value.pages + 1 } // from now on the tail stays where it is
    const page = await fetchPage({ cursor })
    if (page && list.value.nextCursor === cursor)
      show(withNextPage(list.value, page))
    loadingMore.value = false
  }

  const applySettled = coalesce(async () => {
    const batch = settledNow
    settledNow = new Map()
    const known = new Set(list.value.payments.map(payment => payment.id))
    if ([
      ...batch.keys(),
    ].some(id => known.has(id))) {
      show(withSettled(list.value, batch))
    }
    if ([
      ...batch.keys(),
    ].some(id => !known.has(id)) || 'status' in filters.value || 'outcome' in filters.value) {
      refresh()
    }
  }, PATCH_EVERY_MS)

  function settle(settled: PaymentSettled): void {
    settledNow.set(settled.id, settled)
    settledLately.set(settled.id, settled)
    for (const id of settledLately.keys()) {
      if (settledLately.size <= MAX_REMEMBERED)
        break
      settledLately.delete(id)
    }
    applySettled()
  }

  return {
    payments: computed(() => list.value.payments),
    hasMore: computed(() => list.value.nextCursor !== null),
    /** False until the first page has come. */
    loaded: shallowReadonly(loaded),
    /** Why the last fetch failed; null after one that did not. */
    problem: shallowReadonly(problem),
    loadingMore: shallowReadonly(loadingMore),
    gapAbove: shallowReadonly(gapAbove),
    refreshNewest,
    refresh,
    resync,
    loadMore,
    settle,
  }
}
