import type { DeadJobGroup } from '../../shared/types/dead-job-groups.ts'
import type { HistoryStep, OperationsHistory } from '../../shared/types/operations-history.ts'
import type { Operations, QueuePause, SettleRate, Worker } from '../../shared/types/operations.ts'
import type { Proof, Proofs } from '../../shared/types/proofs.ts'
import type { RetriedReconJobs } from '../../shared/types/recon-job.ts'
import type { WorkerHistory, WorkerStep } from '../../shared/types/worker-history.ts'
import type { Reads } from './support/expected.ts'
import { Matchers } from '@pact-foundation/pact'
import { expectProblem, expectResponse } from './support/expect-response.ts'
import { deadJob, fact, instant, PAYMENT_ID, reconJob, REFUND_ID } from './support/expected.ts'

const { eachLike, equal, integer, nullValue, number, string, uuid } = Matchers

const running = { pausedAt: nullValue(), pausedBy: nullValue(), pauseReason: nullValue() } satisfies Reads<QueuePause>
const paused = { pausedAt: instant(), pausedBy: equal('operator'), pauseReason: string('the bank corrects its accounts') } satisfies Reads<QueuePause>
const rate = { windowSeconds: integer(10), settled: integer(33), settledPerSecond: number(3.3) } satisfies Reads<SettleRate>
const worker = {
  id: string('worker-1'),
  host: string('here'),
  pid: integer(1),
  uncleanStops: integer(0),
  state: equal('running'),
  replacedBy: nullValue(),
  startedAt: instant(),
  lastSeenAt: instant(),
  stoppedAt: nullValue(),
  settled: integer(1_000),
} satisfies Reads<Worker>
const operations = {
  queue: {
    waiting: integer(3),
    dead: integer(0),
    oldestSeconds: number(0.5),
    ...running,
  } satisfies Reads<Operations['queue']>,
  settled: {
    ...rate,
    now: rate,
    latencyMs: { p50: number(7.3), p95: number(11.4), p99: number(17.8), longest: number(19.5) } satisfies Reads<Operations['settled']['latencyMs']>,
  } satisfies Reads<Operations['settled']>,
  exceptions: { discrepancy: integer(2), failed: integer(1) } satisfies Reads<NonNullable<Operations['exceptions']>>,
  workers: eachLike(worker),
} satisfies Reads<Operations>

const proofs = {
  state: string('idle'),
  startedAt: nullValue(),
  finishedAt: nullValue(),
  since: nullValue(),
  failed: equal(false),
  proofs: eachLike({
    name: string('one-payment-a-key'),
    sentence: string('A caller\'s idempotency key has one payment.'),
    state: equal('unchecked'),
    checkedAt: nullValue(),
    tookMs: nullValue(),
    brokenRows: integer(0),
    examples: [],
  } satisfies Reads<Proof>),
  chaos: nullValue(),
} satisfies Reads<Proofs>

const json = (body: object) => ({ body: JSON.stringify(body), contentType: 'application/json' })
const retry = fact('paymentId', PAYMENT_ID, id => `/recon-jobs/${id}/retry`)

describe('operations', () => {
  it('shows the queue, the rate and the workers', () => expectResponse({
    given: ['a worker is settling payments and one waits'],
    description: 'how the system is doing',
    path: '/operations',
    call: client => client.operations(),
  }, operations))

  it('shows what settled in the last minutes', () => expectResponse({
    given: ['a worker is settling payments and one waits'],
    description: 'the history of the last minutes',
    path: '/operations/history',
    query: { span: '15m' },
    call: client => client.operationsHistory(new URLSearchParams({ span: '15m' })),
  }, {
    stepSeconds: integer(5),
    // A step may have settled nothing: Pact cannot say that a figure is a number or null.
    steps: eachLike({ startedAt: instant(), matched: integer(3), discrepancy: integer(0), failed: integer(0) } satisfies Partial<Reads<HistoryStep>>),
  } satisfies Reads<OperationsHistory>))

  it('shows a worker with what it settled', () => expectResponse({
    given: ['a worker is settling payments and one waits'],
    description: 'a worker and its last minutes',
    path: '/operations/workers/worker-1',
    query: { span: '15m' },
    call: client => client.worker('worker-1', new URLSearchParams({ span: '15m' })),
  }, {
    worker,
    stepSeconds: integer(15),
    steps: eachLike({ startedAt: instant(), settled: integer(3), settledByAll: integer(4) } satisfies Reads<WorkerStep>),
  } satisfies Reads<WorkerHistory>))

  it('knows no worker by a name that none has had', () => expectProblem({
    description: 'a worker that there is not',
    path: '/operations/workers/nobody',
    call: client => client.worker('nobody'),
  }, 'not-found', 404))

  it('shows whether the API is ready', () => expectResponse({
    description: 'whether it is ready',
    path: '/ready',
    call: client => client.ready(),
  }, { status: string('ready') }))
})

describe('the proofs', () => {
  it('are sentences', () => expectResponse({
    description: 'the invariants',
    path: '/proofs',
    call: client => client.proofs(),
  }, { ...proofs, state: equal('unavailable') }))

  it('can be run', () => expectResponse({
    description: 'a check of the invariants',
    method: 'POST',
    path: '/proofs/run',
    call: client => client.runProofs(),
  }, { ...proofs, state: equal('unavailable') }))
})

describe('the queue', () => {
  const body = { reason: 'the bank corrects its accounts' }

  it('can be paused', () => expectResponse({
    given: ['the queue is running'],
    description: 'a pause of the queue',
    method: 'POST',
    path: '/queue/pause',
    body,
    call: client => client.pauseQueue(json(body)),
  }, paused))

  it('can be resumed', () => expectResponse({
    given: ['the queue is paused'],
    description: 'a resumption of the queue',
    method: 'POST',
    path: '/queue/resume',
    call: client => client.resumeQueue(),
  }, running))
})

describe('dead jobs', () => {
  it('are listed', () => expectResponse({
    given: ['a payment was given up'],
    description: 'the dead jobs',
    path: '/recon-jobs',
    query: { status: 'dead', limit: '200' },
    call: client => client.listJobs(new URLSearchParams({ status: 'dead', limit: '200' })),
  }, { jobs: eachLike(reconJob(deadJob)), nextCursor: nullValue() }))

  it('are grouped by error', () => expectResponse({
    given: ['a payment was given up'],
    description: 'the dead jobs by error',
    path: '/recon-jobs/errors',
    call: client => client.deadJobGroups(),
  }, {
    groups: eachLike({
      error: string('no such account'),
      jobs: integer(1),
      amounts: eachLike({ currency: string('USD'), amount: string('100.00') }),
      accounts: integer(1),
      accountIds: eachLike(string('ACC-001')),
      newestPaymentId: string(PAYMENT_ID),
      newestRefundId: nullValue(),
    } satisfies Reads<DeadJobGroup>),
  }))

  it('name the refund that they settle, and are retried by its id', () => expectResponse({
    given: ['a refund was given up'],
    description: 'a retry of the dead job of a refund',
    method: 'POST',
    path: fact('refundId', REFUND_ID, id => `/recon-jobs/${id}/retry`),
    call: client => client.retryJob(REFUND_ID),
  }, reconJob({ ...deadJob, refundId: uuid(REFUND_ID), status: equal('pending'), attempts: integer(0), finishedAt: nullValue() })))

  it('can be retried', () => expectResponse({
    given: ['a payment was given up'],
    description: 'a retry of a dead job',
    method: 'POST',
    path: retry,
    call: client => client.retryJob(PAYMENT_ID),
  }, reconJob({ ...deadJob, status: equal('pending'), attempts: integer(0), finishedAt: nullValue() })))

  it('can be retried all at once, or all with one error', async () => {
    for (const body of [{}, { error: 'no such account' }]) {
      await expectResponse({
        given: ['a payment was given up', { error: 'no such account' }],
        description: 'error' in body ? 'a retry of the dead jobs with one error' : 'a retry of all dead jobs',
        method: 'POST',
        path: '/recon-jobs/retry',
        body,
        call: client => client.retryJobs(json(body)),
      }, { retried: integer(1), remaining: integer(0) } satisfies Reads<RetriedReconJobs>)
    }
  })

  it('cannot be retried unless they are dead', () => expectProblem({
    given: ['a payment is waiting'],
    description: 'a retry of a job that is not dead',
    method: 'POST',
    path: retry,
    call: client => client.retryJob(PAYMENT_ID),
  }, 'job-not-dead', 409))

  it('cannot be retried if they do not exist', () => expectProblem({
    description: 'a retry of a job that there is not',
    method: 'POST',
    path: `/recon-jobs/${PAYMENT_ID}/retry`,
    call: client => client.retryJob(PAYMENT_ID),
  }, 'not-found', 404))
})
