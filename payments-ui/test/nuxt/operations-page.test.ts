import type { VueWrapper } from '@vue/test-utils'
import type { Operations } from '../../shared/types/operations'
import type { ReconJob } from '../../shared/types/recon-job'
import { mountSuspended, registerEndpoint } from '@nuxt/test-utils/runtime'
import { setResponseStatus } from 'h3'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import OperationsPage from '~/pages/operations.vue'
import { FakeEventSource } from '../support/fake-event-source'

const AT = '2026-11-23T16:05:13.123Z'

const operations: Operations = {
  queue: { waiting: 100_000, dead: 2, oldestSeconds: 125 },
  settled: {
    windowSeconds: 300,
    settled: 13,
    settledPerSecond: 0.0433,
    now: { windowSeconds: 10, settled: 6, settledPerSecond: 0.6 },
    latencyMs: { p50: 12.34, p95: null, p99: null, longest: 11_222_333 },
  },
  workers: [
    { id: 'w:1', state: 'running', startedAt: AT, lastSeenAt: AT, settled: 1_234 },
    { id: 'w:2', state: 'lost', startedAt: AT, lastSeenAt: AT, settled: 0 },
    { id: 'w:3', state: 'draining', startedAt: AT, lastSeenAt: AT, settled: 0 },
  ],
}

let page: VueWrapper
let dead: string[]
let retried: string[]
/** The status that the next retry of this id meets. */
let refusals: Record<string, number>

beforeEach(() => {
  FakeEventSource.install()
  clearNuxtState()
  dead = ['job-1', 'job-2']
  retried = []
  refusals = {}
  registerEndpoint('/api/operations', () => operations)
  registerEndpoint('/api/ready', () => ({ status: 'ready' }))
  registerEndpoint('/api/recon-jobs', () => ({ jobs: dead.map(aDeadJob), nextCursor: null }))
  for (const id of dead) {
    registerEndpoint(`/api/recon-jobs/${id}/retry`, {
      method: 'POST',
      handler: (event) => {
        retried.push(id)
        if (refusals[id]) {
          setResponseStatus(event, refusals[id])
          return { type: '/problems/x', title: 'It did not work', status: refusals[id] }
        }
        dead = dead.filter(other => other !== id)
        return aDeadJob(id)
      },
    })
  }
})
afterEach(() => {
  page.unmount()
  vi.unstubAllGlobals()
})

function aDeadJob(paymentId: string): ReconJob {
  return { paymentId, status: 'dead', attempts: 5, lastError: `deadlock of ${paymentId}`, runAt: AT, lockedBy: 'w:1', lockedAt: AT, finishedAt: AT }
}

const jobs = () => page.findAll('[data-testid=dead-job]')

async function open() {
  page = await mountSuspended(OperationsPage, { route: '/operations' })
  FakeEventSource.current.send('hello', {}, 'abc:1')
  await vi.waitFor(() => expect(jobs()).toHaveLength(dead.length))
}

const figure = (name: string) => page.get(`[data-testid=figure-${name}]`).text()
const stateOf = (part: string) => page.get(`[data-part="${part}"]`).attributes('data-state')

it('shows the figures of the API, unknown ones as a dash', async () => {
  await open()
  expect(figure('waiting')).toContain('100,000+')
  expect(figure('oldest')).toContain('2 min 5 s')
  expect(figure('rate')).toMatch(/Settled now\s+0\.6\s*a second; 0\.043 over 5 min/)
  expect(figure('p50')).toMatch(/about\s+12 ms\s*accepted to settled, over 5 min/)
  expect(figure('p95')).toMatch(/–\s*the longest 3 h 7 min/)
})

it('shows the workers, a state that it does not know under its plain name', async () => {
  await open()
  const rows = page.findAll('[data-testid=worker-row]').map(row => row.text())
  expect(rows[0]).toContain('Running')
  expect(rows[0]).toContain('1,234')
  expect(rows[1]).toContain('Lost')
  expect(rows[2]).toContain('draining')
  expect(page.get('[data-part=Workers]').text()).toContain('1 running, 1 lost')
})

it('tells the health of each part', async () => {
  await open()
  await vi.waitFor(() => expect(stateOf('Live updates')).toBe('ok'))
  for (const part of ['Console', 'Payments API', 'Database', 'Workers'])
    expect(stateOf(part), part).toBe('ok')
})

it('shows dead jobs with their error, and puts one back', async () => {
  await open()
  expect(jobs()[0]!.text()).toContain('deadlock of job-1')
  await jobs()[0]!.get('button').trigger('click')
  await vi.waitFor(() => expect(jobs()).toHaveLength(1))
  expect(retried).toEqual(['job-1'])
  expect(page.text()).toContain('The job is in the queue again.')
})

it('puts all back, one that somebody else has put back meanwhile included', async () => {
  await open()
  refusals = { 'job-2': 409 }
  await page.get('[data-testid=retry-all]').trigger('click')
  await vi.waitFor(() => expect(page.text()).toContain('2 jobs are in the queue again.'))
  expect(retried.sort()).toEqual(['job-1', 'job-2'])
})

it('says why a job cannot be put back', async () => {
  await open()
  refusals = { 'job-1': 502 }
  await jobs()[0]!.get('button').trigger('click')
  await vi.waitFor(() => expect(page.get('[role=alert]').text()).toContain('It did not work'))
  expect(jobs()).toHaveLength(2)
})
