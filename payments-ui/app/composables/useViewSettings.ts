import type { ViewSettings } from '~/utils/view-settings'

const YEAR_S = 365 * 86_400

/** How the reader wants times and tables. Kept in a cookie, so that the server renders pages that way. */
export function useViewSettings() {
  const cookie = useCookie<unknown>('view', { maxAge: YEAR_S, sameSite: 'lax' })
  const settings = useState<ViewSettings>('view', () => viewSettingsOf(cookie.value))

  function set(change: Partial<ViewSettings>): void {
    settings.value = { ...settings.value, ...change }
    cookie.value = settings.value
  }

  return { settings: shallowReadonly(settings), set }
}
