/**
 * Keeps a page current: fetches once the event stream is live, and again when events were missed. Fetching before the stream
 * opens would miss what happens between the two.
 */
export function useLiveRefresh({ refresh, resync = refresh, isLoaded }: {
  refresh: () => void
  /** Called when events were missed. Default: `refresh`. */
  resync?: () => void
  /** Whether the page has something to show. If not, it fetches without waiting for the stream. */
  isLoaded: () => boolean
}): void {
  const events = usePaymentEvents()
  events.onHello(refresh)
  events.onResync(resync)
  onMounted(() => {
    if (events.state.value === 'live' || !isLoaded())
      refresh()
  })
}
