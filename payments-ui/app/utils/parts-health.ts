import type { Operations } from '#shared/types/operations'
import type { Problem } from '#shared/types/problem'
import type { StreamState } from './open-event-stream'
import { workerState } from './worker-state'

export interface PartHealth {
  name: string
  state: 'ok' | 'failed' | 'unknown' | 'paused'
  summary: string
}

export interface HealthInputs {
  operations: Operations | null
  /** Why GET /operations failed. */
  apiProblem: Problem | null
  /** Why the API is not ready. */
  readinessProblem: Problem | null
  isReady: boolean
  stream: StreamState
}

/** The health of each part, as far as this page can observe it. */
export function partsHealth({ operations, apiProblem, readinessProblem, isReady, stream }: HealthInputs): PartHealth[] {
  const consoleResponds = apiProblem?.status !== 0
  const apiResponds = consoleResponds && !isUnreachable(readinessProblem) && !isUnreachable(apiProblem)
  return [
    consoleResponds
      ? { name: 'Console', state: 'ok', summary: 'Responding' }
      : { name: 'Console', state: 'failed', summary: 'Not responding' },
    apiPart(),
    databasePart(),
    workersPart(),
    stream === 'live'
      ? { name: 'Live updates', state: 'ok', summary: 'Connected' }
      : { name: 'Live updates', state: stream === 'connecting' ? 'unknown' : 'failed', summary: stream === 'connecting' ? 'Connecting' : 'Reconnecting' },
  ]

  function apiPart(): PartHealth {
    const name = 'Payments API'
    if (!apiResponds)
      return { name, state: 'failed', summary: 'Unreachable' }
    return isReady || readinessProblem || operations
      ? { name, state: 'ok', summary: 'Responding' }
      : { name, state: 'unknown', summary: 'Not checked yet' }
  }

  function databasePart(): PartHealth {
    const name = 'Database'
    if (!apiResponds)
      return { name, state: 'unknown', summary: 'Unknown without the API' }
    if (readinessProblem)
      return { name, state: 'failed', summary: 'The API is not ready' }
    return isReady
      ? { name, state: 'ok', summary: 'Reachable from the API' }
      : { name, state: 'unknown', summary: 'Not checked yet' }
  }

  function workersPart(): PartHealth {
    const name = 'Workers'
    if (!operations || apiProblem)
      return { name, state: 'unknown', summary: 'Unknown without the API' }
    const count = (state: string) => operations.workers.filter(worker => workerState(worker) === state).length
    const running = count('running')
    const lost = count('lost')
    const paused = operations.queue.pausedAt !== null
    return {
      name,
      state: running === 0 || lost > 0
        ? 'failed'
        : paused ? 'paused' : 'ok',
      summary: [
        `${running} running`,
        ...(lost > 0 ? [`${lost} lost`] : []),
        ...(paused ? ['queue paused'] : []),
      ].join(', '),
    }
  }
}

/** Whether nothing responded: neither the API nor, for a `status` of 0, the console. */
export function isUnreachable(problem: Problem | null): boolean {
  return problem !== null && (problem.type === '/problems/api-unreachable' || problem.type === '/problems/api-timeout' || problem.status === 0)
}
