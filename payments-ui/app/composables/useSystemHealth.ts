import type { Operations } from '#shared/types/operations'
import { createSharedComposable } from '@vueuse/core'

/** A little over a worker's heartbeat. */
const POLL_EVERY_MS = 5_000

// One timer for all that show the health.
const useHealthPolling = createSharedComposable((refresh: () => void) => usePolling(refresh, POLL_EVERY_MS))

/** The state of the queue and the workers, for the header, the navigation and the overview. */
export function useSystemHealth() {
  const { body: operations, problem, load, refresh } = useResource<Operations>('operations', '/api/operations')
  // The header is mounted before the page is hydrated, which shows the same state: it must not change until then.
  onMounted(() => onNuxtReady(() => useHealthPolling(refresh)))
  return {
    operations,
    problem,
    notes: computed(() => healthNotes(operations.value, problem.value)),
    load,
    refresh,
  }
}
