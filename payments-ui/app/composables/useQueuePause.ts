import type { QueuePause } from '#shared/types/operations'
import type { Problem } from '#shared/types/problem'

/** Pauses and resumes the queue. `refetch` reloads the queue's state. */
export function useQueuePause(refetch: () => Promise<void>) {
  const busy = ref(false)
  /** Why the last change failed; null if it succeeded. */
  const problem = shallowRef<Problem | null>(null)

  async function change(to: 'pause' | 'resume', body?: object): Promise<void> {
    if (busy.value)
      return
    busy.value = true
    const result = await fetchJson<QueuePause>(`/api/queue/${to}`, { method: 'POST', body })
    problem.value = result.ok
      ? null
      : result.problem
    await refetch()
    busy.value = false
  }

  return {
    busy: shallowReadonly(busy),
    problem: shallowReadonly(problem),
    pause: (reason: string) => change('pause', { reason }),
    resume: () => change('resume'),
  }
}
