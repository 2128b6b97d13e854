import type { Clock } from '~/utils/format-time'
import { createSharedComposable, useIntervalFn } from '@vueuse/core'

const TICK_MS = 10_000
const YEAR_S = 365 * 86_400

const useTicks = createSharedComposable((clock: Ref<Clock>) => {
  useIntervalFn(() => clock.value = { ...clock.value, nowMs: Date.now() }, TICK_MS)
})

/**
 * The current time, and how the reader wants times: in which zone, and as ages ("yesterday 16:05") or exactly. During hydration the
 * time and the zone are the server's; a cookie tells the server the zone from the second page on. All callers share one timer.
 */
export function useClock(): Readonly<Ref<Clock>> {
  const cookie = useCookie('time-zone', { maxAge: YEAR_S, sameSite: 'lax' })
  const { settings } = useViewSettings()
  const clock = useState<Clock>('clock', () => ({ nowMs: Date.now(), timeZone: isTimeZone(cookie.value) ? cookie.value : 'UTC' }))
  onMounted(() => {
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
    clock.value = { nowMs: Math.max(clock.value.nowMs, Date.now()), timeZone }
    if (cookie.value !== timeZone)
      cookie.value = timeZone
    useTicks(clock)
  })
  return computed(() => ({
    nowMs: clock.value.nowMs,
    timeZone: settings.value.zone === 'utc' ? 'UTC' : clock.value.timeZone,
    exact: settings.value.times === 'exact',
  }))
}

function isTimeZone(name: string | null | undefined): name is string {
  try {
    return Boolean(name && new Intl.DateTimeFormat('en', { timeZone: name }))
  }
  catch {
    return false
  }
}
