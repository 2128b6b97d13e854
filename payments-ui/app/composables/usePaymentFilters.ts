import type { PaymentFilterName, PaymentFilters } from '~/utils/payment-filters'

/** The list's filters, kept in the URL so that a link and the back button restore them. */
export function usePaymentFilters() {
  const route = useRoute()
  const router = useRouter()
  const path = route.path
  const clock = useClock()
  const filters = shallowRef<PaymentFilters>(filtersFromQuery(route.query))

  // During navigation away from the page, the route is already the next page's.
  watch(() => route.query, (query) => {
    if (route.path === path)
      filters.value = filtersFromQuery(query)
  })

  function go(next: PaymentFilters): void {
    if (JSON.stringify(next) !== JSON.stringify(filters.value))
      void router.push({ path, query: next })
  }

  const query = () => apiQueryOf(filters.value, clock.value.timeZone)
  // Unlike a computed, this stops with the page, whose list may still be fetching.
  const apiQuery = shallowRef(query())
  watch([filters, () => clock.value.timeZone], () => apiQuery.value = query(), { flush: 'sync' })

  return {
    filters: shallowReadonly(filters),
    /** The query of GET /payments. */
    apiQuery,
    isFiltered: computed(() => Object.keys(filters.value).length > 0),
    /** Downloads every payment that matches the filters. */
    exportUrl: computed(() => {
      const query = new URLSearchParams(apiQuery.value)
      return query.size
        ? `/api/payments.csv?${query}`
        : '/api/payments.csv'
    }),
    set: (name: PaymentFilterName, value: string) => go(withFilter(filters.value, name, value)),
    setAll: go,
    clear: () => go({}),
  }
}
