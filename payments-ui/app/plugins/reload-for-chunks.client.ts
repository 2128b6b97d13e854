/** After a reload for a missing part, another reload within this time would not help. */
const RELOAD_ONCE_PER_MS = 60_000

/**
 * A new release removes the scripts of the one before, so a page that is open cannot load its lazy parts any more: the filters,
 * a chart, another page. Reloads it once, which fetches the new release; if that does not help, the page says so.
 */
export default defineNuxtPlugin((nuxtApp) => {
  const missing = useState('chunk-missing', () => false)
  let reloadedAt = Number(sessionStorage.getItem('reloaded-for-chunks') ?? 0)
  nuxtApp.hook('app:chunkError', () => {
    if (Date.now() - reloadedAt < RELOAD_ONCE_PER_MS) {
      missing.value = true
      return
    }
    reloadedAt = Date.now()
    sessionStorage.setItem('reloaded-for-chunks', String(reloadedAt))
    location.reload()
  })
})
