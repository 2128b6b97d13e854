import type { Operations } from '#shared/types/operations'
import type { Problem } from '#shared/types/problem'
import type { StreamState } from './open-event-stream'

export interface PartHealth {
  name: string
  state: 'ok' | 'failed' | 'unknown' | 'paused'
  /** In a few words. */
  says: string
}

export interface HealthInputs {
  operations: Operations | null
  /** Why the figures could not be fetched. */
  apiProblem: Problem | null
  /** Why the API is not ready. */
  readinessProblem: Problem | null
  isReady: boolean
  stream: StreamState
}

/** The health of each part, as far as it can be told from this page. */
export function partsHealth({ operations, apiProblem, readinessProblem, isReady, stream }: HealthInputs): PartHealth[] {
  const consoleAnswers = apiProblem?.status !== 0
  const apiAnswers = consoleAnswers && !isUnreachable(readinessProblem) && !isUnreachable(apiProblem)
  return [
    consoleAnswers
      ? { name: 'Console', state: 'ok', says: 'Answers' }
      : { name: 'Console', state: 'failed', says: 'Gives no answer' },
    apiPart(),
    databasePart(),
    workersPart(),
    stream === 'live'
      ? { name: 'Live updates', state: 'ok', says: 'Connected' }
      : { name: 'Live updates', state: stream === 'connecting' ? 'unknown' : 'failed', says: stream === 'connecting' ? 'Connecting' : 'Reconnecting' },
  ]

  function apiPart(): PartHealth {
    const name = 'Payments API'
    if (!apiAnswers)
      return { name, state: 'failed', says: 'Cannot be reached' }
    return isReady || readinessProblem || operations
      ? { name, state: 'ok', says: 'Answers' }
      : { name, state: 'unknown', says: 'Not asked yet' }
  }

  function databasePart(): PartHealth {
    const name = 'Database'
    if (!apiAnswers)
      return { name, state: 'unknown', says: 'Only the API can tell' }
    if (readinessProblem)
      return { name, state: 'failed', says: 'The API is not ready' }
    return isReady
      ? { name, state: 'ok', says: 'Answers the API' }
      : { name, state: 'unknown', says: 'Not asked yet' }
  }

  function workersPart(): PartHealth {
    const name = 'Workers'
    if (!operations || apiProblem)
      return { name, state: 'unknown', says: 'Only the API can tell' }
    const count = (state: string) => operations.workers.filter(worker => worker.state === state).length
    const running = count('running')
    const lost = count('lost')
    const paused = operations.queue.pausedAt !== null
    return {
      name,
      state: running === 0
        ? 'failed'
        : paused ? 'paused' : 'ok',
      says: [
        `${running} running`,
        ...(lost > 0 ? [`${lost} lost`] : []),
        ...(paused ? ['queue paused'] : []),
      ].join(', '),
    }
  }
}

function isUnreachable(problem: Problem | null): boolean {
  return problem !== null && (problem.type === '/problems/api-unreachable' || problem.type === '/problems/api-timeout' || problem.status === 0)
}
