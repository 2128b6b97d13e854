import type { Operations } from '#shared/types/operations'
import type { Problem } from '#shared/types/problem'
import { shortCount } from './count-text'
import { isUnreachable } from './parts-health'
import { workerState } from './worker-state'

export interface HealthNote {
  tone: 'error' | 'warning'
  text: string
}

/** What is wrong with the system, worst first, in words short enough for the header. Empty while all is well or unknown. */
export function healthNotes(operations: Operations | null, problem: Problem | null): HealthNote[] {
  if (problem)
    return [{ tone: 'error', text: problemNote(problem) }]
  if (!operations)
    return []
  const { queue, workers } = operations
  const lost = workers.filter(worker => workerState(worker) === 'lost').length
  const running = workers.filter(worker => worker.state === 'running').length
  return [
    ...(running === 0 ? [{ tone: 'error', text: 'No worker runs' } as const] : []),
    ...(lost > 0 ? [{ tone: 'error', text: `${lost} ${lost === 1 ? 'worker' : 'workers'} lost` } as const] : []),
    ...(queue.pausedAt === null ? [] : [{ tone: 'warning', text: 'Queue paused' } as const]),
    ...(queue.dead > 0 ? [{ tone: 'error', text: `${shortCount(queue.dead)} dead` } as const] : []),
  ]
}

/** Why the health is not known: only an API without a response is unreachable. */
function problemNote(problem: Problem): string {
  if (isUnreachable(problem))
    return problem.status === 0 ? 'Console unreachable' : 'API unreachable'
  return problem.type === '/problems/unavailable' ? 'Database unreachable' : 'API failing'
}
