import type { Clock } from '~/utils/format-time'
import { createSharedComposable, useIntervalFn } from '@vueuse/core'

const TICK_MS = 10_000
const YEAR_S = 365 * 86_400

const useTicks = createSharedComposable((clock: Ref<Clock>) => {
  useIntervalFn(() => clock.value = { ...clock.value, nowMs: Date.now() }, TICK_MS)
})

/**
 * The current time and the reader's time zone, for "yesterday 16:05". During hydration both are the server's; a cookie tells the
 * server the zone from the second page on. All callers share one timer.
 */
export function useClock(): Ref<Clock> {
  const cookie = useCookie('time-zone', { maxAge: YEAR_S, sameSite: 'lax' })
  const clock = useState<Clock>('clock', () => ({ nowMs: Date.now(), timeZone: isTimeZone(cookie.value) ? cookie.value : 'UTC' }))
  onMounted(() => {
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
    clock.value = { nowMs: Math.max(clock.value.nowMs, Date.now()), timeZone }
    if (cookie.value !== timeZone)
      cookie.value = timeZone
    useTicks(clock)
  })
  return clock
}

function isTimeZone(name: string | null | undefined): name is string {
  try {
    return Boolean(name && new Intl.DateTimeFormat('en', { timeZone: name }))
  }
  catch {
    return false
  }
}
