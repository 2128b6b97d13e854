import { createSharedComposable, useIntervalFn } from '@vueuse/core'

const TICK_MS = 10_000

const useTicks = createSharedComposable((now: Ref<number>) => {
  useIntervalFn(() => now.value = Date.now(), TICK_MS)
})

/** The current time in milliseconds, for "3 min. ago": the server's during hydration, then the browser's. All share one timer. */
export function useSharedNow(): Ref<number> {
  const now = useState('now', () => Date.now())
  onMounted(() => {
    now.value = Math.max(now.value, Date.now())
    useTicks(now)
  })
  return now
}
