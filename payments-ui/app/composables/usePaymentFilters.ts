import type { PaymentFilterName, PaymentFilters } from '~/utils/payment-filters'

/** The list's filters. They live in the page's address, so that a link and the back button restore them. */
export function usePaymentFilters() {
  const route = useRoute()
  const router = useRouter()
  const path = route.path
  const filters = shallowRef<PaymentFilters>(filtersFromQuery(route.query))

  // While the page is being left the address is another page's.
  watch(() => route.query, (query) => {
    if (route.path === path)
      filters.value = filtersFromQuery(query)
  })

  function go(next: PaymentFilters): void {
    if (JSON.stringify(next) !== JSON.stringify(filters.value))
      void router.push({ path, query: next })
  }

  const apiQuery = computed(() => apiQueryOf(filters.value))

  return {
    filters: shallowReadonly(filters),
    /** As GET /payments takes them. */
    apiQuery,
    isFiltered: computed(() => Object.keys(filters.value).length > 0),
    /** Where all that the filters match can be downloaded. */
    exportUrl: computed(() => {
      const query = new URLSearchParams(apiQuery.value)
      return query.size
        ? `/api/payments.csv?${query}`
        : '/api/payments.csv'
    }),
    set: (name: PaymentFilterName, value: string) => go(withFilter(filters.value, name, value)),
    clear: () => go({}),
  }
}
