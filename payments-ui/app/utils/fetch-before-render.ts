import { yieldToBrowser } from './yield-to-browser'

/** The page does not wait longer for the API before it is rendered; the browser then asks again. */
const SERVER_WAIT_MS = 2_000

/** On the server: waits for what a page shows first, within bounds. In the browser it fetches nothing: pages do when they are shown. */
export async function fetchBeforeRender(fetchFirst: () => Promise<unknown>): Promise<void> {
  if (!import.meta.server)
    return yieldToBrowser()
  let timer: ReturnType<typeof setTimeout> | undefined
  await Promise.race([
    fetchFirst(),
    new Promise((resolve) => {
      timer = setTimeout(resolve, SERVER_WAIT_MS)
    }),
  ])
  clearTimeout(timer)
}
