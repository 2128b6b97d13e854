import { expect, it } from 'vitest'
import { explainWorker, workerLook, workerPath } from '../../app/utils/worker-state'

const clock = { nowMs: Date.parse('2026-11-30T12:00:00Z'), timeZone: 'UTC' }
function worker(change: object) {
  return { id: 'worker-1', host: 'here', pid: 7, uncleanStops: 0, state: 'running', replacedBy: null, startedAt: '2026-11-30T11:00:00Z', lastSeenAt: '2026-11-30T11:59:56Z', stoppedAt: null, settled: 3, ...change }
}

it('says what each state of a worker means', () => {
  expect(explainWorker(worker({}), clock)).toBe('It sends heartbeats, the last one 4 s ago, and settles payments.')
  expect(explainWorker(worker({ state: 'stopped', stoppedAt: '2026-11-30T11:30:00Z' }), clock)).toBe('It finished what it had claimed and stopped cleanly 30 min ago, after it had run for 30 min.')
  expect(explainWorker(worker({ state: 'lost', lastSeenAt: '2026-11-30T11:59:00Z' }), clock)).toMatch(/^Its last heartbeat came 60 s ago, and it did not report a stop: it was killed.*no other worker has started to take its place\.$/)
  expect(explainWorker(worker({ state: 'lost', replacedBy: 'worker-2' }), clock)).toMatch(/worker-2 has started since and took over/)
})

it('shows a state that it does not know under its plain name', () => {
  expect(workerLook(worker({ state: 'draining' }))).toEqual({ label: 'draining', color: 'neutral' })
  expect(explainWorker(worker({ state: 'draining' }), clock)).toBe('')
})

it('has a page for a worker of any name', () => {
  expect(workerPath('host/a:1?')).toBe('/operations/workers/host%2Fa%3A1%3F')
})
