import type { HealthInputs } from '../../app/utils/parts-health'
import type { Operations } from '../../shared/types/operations'
import type { Problem } from '../../shared/types/problem'
import { expect, it } from 'vitest'
import { partsHealth } from '../../app/utils/parts-health'

const operations: Operations = {
  queue: { waiting: 0, dead: 0, oldestSeconds: null, pausedAt: null, pausedBy: null, pauseReason: null },
  settled: {
    windowSeconds: 300,
    settled: 0,
    settledPerSecond: 0,
    now: { windowSeconds: 10, settled: 0, settledPerSecond: 0 },
    latencyMs: { p50: null, p95: null, p99: null, longest: null },
  },
  workers: [],
}
const healthy: HealthInputs = { operations, apiProblem: null, readinessProblem: null, isReady: true, stream: 'live' }
const aProblem = (type: string, status: number): Problem => ({ type, title: '', status })

function states(inputs: Partial<HealthInputs>): string {
  return partsHealth({ ...healthy, ...inputs }).map(part => part.state).join(' ')
}

// Console, Payments API, Database, Workers, Live updates
it.each([
  ['no worker runs', {}, 'ok ok ok failed ok'],
  ['nothing has been checked yet', { operations: null, isReady: false, stream: 'connecting' }, 'ok unknown unknown unknown unknown'],
  ['the console does not respond', { apiProblem: aProblem('/problems/no-response', 0), readinessProblem: aProblem('/problems/no-response', 0), stream: 'reconnecting' }, 'failed failed unknown unknown failed'],
  ['the API is unreachable', { apiProblem: aProblem('/problems/api-unreachable', 502), readinessProblem: aProblem('/problems/api-unreachable', 502) }, 'ok failed unknown unknown ok'],
  ['the database is unreachable', { apiProblem: aProblem('/problems/api-failed', 502), readinessProblem: aProblem('/problems/unavailable', 503) }, 'ok ok failed unknown ok'],
] satisfies [string, Partial<HealthInputs>, string][])('shows which part is wrong when %s', (_case, inputs, expected) => {
  expect(states(inputs)).toBe(expected)
})

it('shows that the queue is paused, unless a worker is missing', () => {
  const queue = { ...operations.queue, pausedAt: '2026-11-23T16:05:13.123Z', pausedBy: 'operator' }
  const worker = { id: 'w', host: 'h', pid: 1, uncleanStops: 0, stoppedAt: null, replacedBy: null, startedAt: '', lastSeenAt: '', settled: 0 }
  const workers = (...all: string[]) => partsHealth({ ...healthy, operations: { ...operations, queue, workers: all.map(state => ({ ...worker, state })) } })[3]
  expect(workers('running', 'stopped')).toEqual({ name: 'Workers', state: 'paused', summary: '1 running, queue paused' })
  expect(workers('running', 'lost')).toEqual({ name: 'Workers', state: 'failed', summary: '1 running, 1 lost, queue paused' })
  expect(workers('lost')).toEqual({ name: 'Workers', state: 'failed', summary: '0 running, 1 lost, queue paused' })
})
