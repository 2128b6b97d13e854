import type { Operations } from '#shared/types/operations'
import { createSharedComposable, useDocumentVisibility, useIntervalFn } from '@vueuse/core'

/** A little over a worker's heartbeat. */
const POLL_EVERY_MS = 5_000

// One timer for all that show the health. It stops in a hidden tab, and looks at once when the tab is shown again.
const usePolling = createSharedComposable((refresh: () => void) => {
  const visibility = useDocumentVisibility()
  const { pause, resume } = useIntervalFn(refresh, POLL_EVERY_MS, { immediateCallback: true })
  watch(visibility, now => now === 'visible' ? resume() : pause())
})

/** The state of the queue and the workers, for the header, the navigation and the overview. */
export function useSystemHealth() {
  const { body: operations, problem, load, refresh } = useResource<Operations>('operations', '/api/operations')
  // The header is mounted before the page is hydrated, which shows the same state: it must not change until then.
  onMounted(() => onNuxtReady(() => usePolling(refresh)))
  return {
    operations,
    problem,
    notes: computed(() => healthNotes(operations.value, problem.value)),
    load,
    refresh,
  }
}
