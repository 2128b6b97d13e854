/**
 * Keeps what a page shows current. Fetches after the stream's hello, or at once where the stream is live already, and again
 * when events were missed; never before the stream, so that nothing falls between the two.
 */
export function useLiveRefresh({ refresh, resync = refresh, isLoaded }: {
  refresh: () => void
  /** Events were missed; by default `refresh`. */
  resync?: () => void
  /** Whether there is something to show. Without, it is fetched whatever the stream does. */
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
