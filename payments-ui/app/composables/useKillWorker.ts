import type { Worker } from '#shared/types/operations'
import type { Problem } from '#shared/types/problem'

const TIMEOUT_MS = 5_000

/**
 * Kills workers through the harness, which listens only if it was started with CONSOLE_CHAOS=1. Goes from the page to the harness,
 * because the console's server has no rights over processes.
 */
export function useKillWorker() {
  const { killUrl, killToken } = useRuntimeConfig().public
  const killing = ref<string | null>(null)
  const killed = shallowRef<Worker | null>(null)
  const problem = shallowRef<Problem | null>(null)

  async function kill(worker: Worker): Promise<void> {
    if (killing.value !== null)
      return
    killing.value = worker.id
    problem.value = await call(worker.id)
    if (problem.value === null)
      killed.value = worker
    killing.value = null
  }

  async function call(worker: string): Promise<Problem | null> {
    const refused = { type: 'about:blank', title: `${worker} was not killed` }
    try {
      const response = await fetch(`${killUrl}/kill/${encodeURIComponent(worker)}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${killToken}` },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      if (response.ok)
        return null
      const { title } = await response.json() as { title: string }
      return { ...refused, status: response.status, detail: title }
    }
    catch {
      return { ...refused, status: 0, detail: 'The harness does not respond. If it was restarted, reload the page.' }
    }
  }

  return {
    /** Whether the harness offers it. */
    offered: killUrl !== '',
    /** The worker that is being killed. */
    killing: shallowReadonly(killing),
    /** The last worker that was killed, as it was then. */
    killed: shallowReadonly(killed),
    problem: shallowReadonly(problem),
    kill,
  }
}
