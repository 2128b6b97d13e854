import type { VueWrapper } from '@vue/test-utils'
import type { Operations, QueuePause } from '../../shared/types/operations'
import type { ReconJob, RetriedReconJobs } from '../../shared/types/recon-job'
import { mountSuspended, registerEndpoint } from '@nuxt/test-utils/runtime'
import { readBody, setResponseStatus } from 'h3'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import OperationsPage from '~/pages/operations/index.vue'
import { eventually } from '../support/eventually'
import { FakeEventSource } from '../support/fake-event-source'

const AT = '2026-11-23T16:05:13.123Z'

const RUNNING = { pausedAt: null, pausedBy: null, pauseReason: null }

const operations: Operations = {
  queue: { waiting: 100_000, dead: 2, oldestSeconds: 125, ...RUNNING },
  settled: {
    windowSeconds: 300,
    settled: 13,
    settledPerSecond: 0.0433,
    now: { windowSeconds: 10, settled: 6, settledPerSecond: 0.6 },
    latencyMs: { p50: 12.34, p95: null, p99: null, longest: 11_222_333 },
  },
  workers: [
    { id: 'w:1', host: 'h', pid: 1, uncleanStops: 0, stoppedAt: null, replacedBy: null, state: 'running', startedAt: AT, lastSeenAt: AT, settled: 1_234 },
    { id: 'w:2', host: 'h', pid: 2, uncleanStops: 0, stoppedAt: null, replacedBy: null, state: 'lost', startedAt: AT, lastSeenAt: AT, settled: 0 },
    { id: 'w:3', host: 'h', pid: 3, uncleanStops: 0, stoppedAt: null, replacedBy: null, state: 'draining', startedAt: AT, lastSeenAt: AT, settled: 0 },
  ],
}

let page: VueWrapper
let dead: string[]
let retried: string[]
/** The error status of the next retry, by payment id. */
let refusals: Record<string, number>
let pause: QueuePause
/** The bodies of the bulk retries, and their responses; a number is an error status. */
let bulkRetries: unknown[]
let bulkResponses: (RetriedReconJobs | number)[]
/** The error status of the next pause or resume. */
let pauseRefusal: number | undefined

beforeEach(() => {
  FakeEventSource.install()
  clearNuxtState()
  dead = ['job-1', 'job-2']
  retried = []
  refusals = {}
  pause = RUNNING
  pauseRefusal = undefined
  bulkRetries = []
  bulkResponses = []
  registerEndpoint('/api/operations', () => ({ ...operations, queue: { ...operations.queue, ...pause } }))
  registerEndpoint('/api/queue/pause', {
    method: 'POST',
    handler: async (event) => {
      if (pauseRefusal)
        return refuse(event, pauseRefusal)
      const { reason } = await readBody<{ reason: string }>(event)
      return pause = { pausedAt: AT, pausedBy: 'operator', pauseReason: reason || null }
    },
  })
  registerEndpoint('/api/queue/resume', { method: 'POST', handler: event => pauseRefusal ? refuse(event, pauseRefusal) : pause = RUNNING })
  registerEndpoint('/api/recon-jobs/retry', {
    method: 'POST',
    handler: async (event) => {
      bulkRetries.push(await readBody(event))
      const result = bulkResponses.shift()!
      if (typeof result === 'number')
        return refuse(event, result)
      dead = dead.slice(result.retried)
      return result
    },
  })
  registerEndpoint('/api/ready', () => ({ status: 'ready' }))
  registerEndpoint('/api/recon-jobs', () => ({ jobs: dead.map(aDeadJob), nextCursor: null }))
  dead.forEach(acceptRetries)
})
afterEach(() => {
  page.unmount()
  vi.unstubAllGlobals()
})

function refuse(event: Parameters<typeof readBody>[0], status: number) {
  setResponseStatus(event, status)
  return { type: status === 409 ? '/problems/job-not-dead' : '/problems/x', title: 'It did not work', status }
}

/** An id such as `refund-1` is that of a refund. */
function aDeadJob(id: string): ReconJob {
  const paymentId = id.replace('refund', 'payment')
  return { paymentId, refundId: paymentId === id ? null : id, status: 'dead', attempts: 5, lastError: `deadlock of ${id}`, runAt: AT, lockedBy: 'w:1', lockedAt: AT, finishedAt: AT }
}

function acceptRetries(id: string) {
  registerEndpoint(`/api/recon-jobs/${id}/retry`, {
    method: 'POST',
    handler: (event) => {
      retried.push(id)
      if (refusals[id])
        return refuse(event, refusals[id])
      dead = dead.filter(other => other !== id)
      return aDeadJob(id)
    },
  })
}

const jobs = () => page.findAll('[data-testid=dead-job]')

async function open() {
  page = await mountSuspended(OperationsPage, { route: '/operations' })
  FakeEventSource.current.send('hello', {}, 'abc:1')
  await eventually(() => expect(jobs()).toHaveLength(dead.length))
}

const figure = (name: string) => page.get(`[data-testid=figure-${name}]`).text()
const stateOf = (part: string) => page.get(`[data-part="${part}"]`).attributes('data-state')

it('shows the API\'s figures, with a dash for unknown ones', async () => {
  await open()
  expect(figure('waiting')).toContain('100,000+')
  expect(figure('oldest')).toContain('2 min 5 s')
  expect(figure('rate')).toMatch(/Settled now\s+0\.6\s*per second in the last 10 s; 0\.043 in the last 5 min/)
  expect(figure('p50')).toMatch(/about\s+12 ms\s*accepted to settled, in the last 5 min/)
  expect(figure('p95')).toMatch(/–\s*in the last 5 min; the longest took 3 h 7 min/)
})

it('shows how many jobs are dead', async () => {
  await open()
  expect(figure('dead')).toMatch(/Dead\s*2\s*jobs given up/)
  expect(page.text()).toContain('Dead jobs (2)')
})

it('shows the workers, with an unknown state under its plain name', async () => {
  await open()
  const rows = page.findAll('[data-testid=worker-row]').map(row => row.text())
  expect(rows[0]).toContain('Running')
  expect(rows[0]).toContain('1,234')
  expect(rows[1]).toContain('Lost')
  expect(rows[2]).toContain('draining')
  expect(page.get('[data-part=Workers]').text()).toContain('1 running, 1 lost')
})

it('shows the health of each part', async () => {
  await open()
  await eventually(() => expect(stateOf('Live updates')).toBe('ok'))
  for (const part of ['Console', 'Payments API', 'Database'])
    expect(stateOf(part), part).toBe('ok')
  expect(stateOf('Workers'), 'one is lost').toBe('failed')
})

it('shows dead jobs with their error, and retries one', async () => {
  await open()
  expect(jobs()[0]!.text()).toContain('deadlock of job-1')
  await jobs()[0]!.get('button').trigger('click')
  await eventually(() => expect(jobs()).toHaveLength(1))
  expect(retried).toEqual(['job-1'])
  expect(page.text()).toContain('The job is back in the queue.')
})

it('links the dead job of a refund to the refund, and retries it by its id', async () => {
  dead = ['refund-1', 'payment-1']
  acceptRetries('refund-1')
  await open()
  expect(jobs().map(job => job.get('a').attributes('href'))).toEqual(['/refunds/refund-1', '/payments/payment-1'])
  expect(jobs()[0]!.get('button').attributes('aria-label')).toBe('Retry refund refund-1')
  await jobs()[0]!.get('button').trigger('click')
  await eventually(() => expect(page.text()).toContain('The job is back in the queue.'))
  await eventually(() => expect(dead).toEqual(['payment-1']))
})

it('says that someone else has retried a job, and shows no error', async () => {
  await open()
  refusals = { 'job-1': 409 }
  await jobs()[0]!.get('button').trigger('click')
  await eventually(() => expect(page.text()).toContain('someone else has retried it'))
  expect(page.find('[role=alert]').exists()).toBe(false)
})

/** A busy button ignores clicks. What it does is asked first. */
async function retryAll(): Promise<void> {
  const button = () => page.get('[data-testid=retry-all]')
  await eventually(() => expect(button().attributes('aria-disabled')).toBe('false'))
  await button().trigger('click')
  await page.get('[data-testid=confirm-retry-all]').trigger('click')
}

it('asks before it retries all, and says how many', async () => {
  await open()
  const button = (id: string) => page.find(`[data-testid=${id}]`)
  await button('retry-all').trigger('click')
  await eventually(() => expect(button('confirm-retry-all').text()).toBe(`Retry ${dead.length} jobs now`))
  await page.findAll('button').find(other => other.text() === 'Cancel')!.trigger('click')
  await eventually(() => expect(button('retry-all').exists()).toBe(true))
  expect(bulkRetries).toEqual([])
})

it('retries all in several requests, and no more than were dead at the start', async () => {
  await open()
  bulkResponses = [{ retried: 1_000, remaining: 500 }, { retried: 500, remaining: 3 }, { retried: 3, remaining: 0 }]
  await retryAll()
  await eventually(() => expect(page.text()).toContain('1,500 jobs are back in the queue. 3 are still dead.'))
  expect(bulkRetries).toEqual([{}, {}])
})

it('retries the jobs with one error', async () => {
  await open()
  await page.get('select[name=error]').setValue('=deadlock of job-2')
  bulkResponses = [{ retried: 1, remaining: 0 }]
  await retryAll()
  await eventually(() => expect(page.text()).toContain('One job is back in the queue.'))
  expect(bulkRetries).toEqual([{ error: 'deadlock of job-2' }])
})

it('says how many jobs were retried before a request failed, and why it failed', async () => {
  await open()
  bulkResponses = [{ retried: 1_000, remaining: 500 }, 502]
  await retryAll()
  await eventually(() => expect(page.get('[role=alert]').text()).toContain('It did not work'))
  expect(page.text()).toContain('1,000 jobs are back in the queue. Then a request failed.')
})

it('reports no retried jobs if the first request failed or none were dead', async () => {
  await open()
  bulkResponses = [502]
  await retryAll()
  await eventually(() => expect(page.get('[role=alert]').text()).toContain('It did not work'))
  expect(page.text()).not.toContain('back in the queue')
  bulkResponses = [{ retried: 0, remaining: 0 }]
  await retryAll()
  await eventually(() => expect(page.text()).toContain('No job was dead any more: someone else has retried them.'))
  expect(page.find('[role=alert]').exists()).toBe(false)
})

const queue = () => page.get('[data-testid=queue]')

it('pauses the queue after confirmation, with a reason, and resumes it', async () => {
  await open()
  expect(queue().attributes('data-state')).toBe('running')
  await page.get('[data-testid=pause-queue]').trigger('click')
  expect(pause).toEqual(RUNNING)
  await page.get('[name=reason]').setValue('the bank corrects its accounts')
  await page.get('[data-testid=pause-form]').trigger('submit')
  await eventually(() => expect(queue().attributes('data-state')).toBe('paused'))
  expect(queue().text()).toMatch(/The queue is paused\s*the bank corrects its accounts\s*Paused by an operator/)
  expect(page.get('[data-part=Workers]').text()).toContain('queue paused')
  await page.get('[data-testid=resume-queue]').trigger('click')
  await eventually(() => expect(queue().attributes('data-state')).toBe('running'))
})

it('shows who paused the queue and why', async () => {
  pause = { pausedAt: AT, pausedBy: 'recon-worker', pauseReason: '51 of the last 100 jobs were refused' }
  await open()
  await eventually(() => expect(queue().text()).toMatch(/51 of the last 100 jobs were refused\s*Paused by a worker/))
})

it('says why the queue could not be paused, and still shows it as running', async () => {
  await open()
  pauseRefusal = 502
  await page.get('[data-testid=pause-queue]').trigger('click')
  await page.get('[data-testid=pause-form]').trigger('submit')
  await eventually(() => expect(queue().get('[role=alert]').text()).toContain('It did not work'))
  expect(queue().attributes('data-state')).toBe('running')
})

it('says why a job cannot be retried', async () => {
  await open()
  refusals = { 'job-1': 502 }
  await jobs()[0]!.get('button').trigger('click')
  await eventually(() => expect(page.get('[role=alert]').text()).toContain('It did not work'))
  expect(jobs()).toHaveLength(2)
})

it('says why a retry failed, and that none was retried, also while the figures cannot be fetched', async () => {
  await open()
  bulkResponses = [{ retried: 0, remaining: 2 }]
  await retryAll()
  await eventually(() => expect(page.text()).toContain('No job was retried. 2 are still dead.'))
  registerEndpoint('/api/operations', event => refuse(event, 502))
  await eventually(() => expect(page.text()).toContain('The figures below are from before the error'))
  refusals = { 'job-1': 404 }
  await jobs()[0]!.get('button').trigger('click')
  await eventually(() => expect(page.get('[data-testid=dead-jobs] [role=alert]').text()).toContain('It did not work'))
  expect(page.text()).not.toContain('back in the queue')
})
