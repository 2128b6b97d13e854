import { yieldToBrowser } from './yield-to-browser'

/** The server renders the page after this long even without the API's response; the browser then fetches again. */
const SERVER_WAIT_MS = 2_000

/** On the server, waits up to 2 s for a page's first data. Does not fetch in the browser, where pages fetch once mounted. */
export async function fetchBeforeRender(fetchInitial: () => Promise<unknown>): Promise<void> {
  if (!import.meta.server)
    return yieldToBrowser()
  let timer: ReturnType<typeof setTimeout> | undefined
  await Promise.race([
    fetchInitial(),
    new Promise((resolve) => {
      timer = setTimeout(resolve, SERVER_WAIT_MS)
    }),
  ])
  clearTimeout(timer)
}
