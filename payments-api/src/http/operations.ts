import type { ActivityHistory } from '../domain/activity-history.ts'
import type { SettleStatistics } from '../domain/settle-statistics.ts'
import type { QueueDeps } from './queue.ts'
import type { Route } from './route.ts'
import { z } from 'zod'
import { SPANS } from '../domain/activity-history.ts'
import { judgeWorkers } from '../domain/judge-workers.ts'
import { countExceptions, MAX_EXCEPTIONS } from '../sql/count-exceptions.ts'
import { listJobs } from '../sql/list-jobs.ts'
import { listWorkers } from '../sql/list-workers.ts'
import { MAX_COUNTED, queueState } from '../sql/queue-state.ts'
import { MAX_EXAMINED } from '../sql/read-page.ts'
import { retryJob } from '../sql/retry-job.ts'
import { cursorOver } from './cursor.ts'
import { jobJson } from './detail-json.ts'
import { sendProblem } from './problem.ts'
import { queuePauseFields, queuePauseJson } from './queue.ts'
import { defineRoute } from './route.ts'
import { JobStatus, Limit, named, pageOf, ReconJob } from './schemas.ts'
import { SpanQuery, Worker, workerJson } from './workers.ts'

const Milliseconds = z.number().nullable()
const rate = {
  windowSeconds: z.int().describe('The seconds that the figures cover: fewer if this process has not listened to the database that long'),
  settled: z.int().describe('Payments settled in that time'),
  settledPerSecond: z.number().describe('With three significant digits'),
}
const Operations = z.object({
  queue: z.object({
    waiting: z.int().describe(`Counted up to ${MAX_COUNTED}`),
    dead: z.int().describe(`Counted up to ${MAX_COUNTED}`),
    oldestSeconds: z.number().nullable().describe('How long the oldest due job has been waiting; null when none is'),
    ...queuePauseFields,
  }),
  settled: z.object({
    ...rate,
    now: z.object(rate).describe('The same over the last 10 seconds'),
    latencyMs: z.object({
      p50: Milliseconds,
      p95: Milliseconds,
      p99: Milliseconds,
      longest: Milliseconds.describe('The maximum, exact to the millisecond'),
    }).describe('From accepted to settled, in milliseconds, over windowSeconds. A percentile is an estimate within 5 % or 1 ms. Null if nothing settled'),
  }).describe('Over the last five minutes, as notified to this process'),
  exceptions: z.object({
    discrepancy: z.int().describe(`Payments that settled with a discrepancy, counted up to ${MAX_EXCEPTIONS}`),
    failed: z.int().describe(`Payments that failed, counted up to ${MAX_EXCEPTIONS}`),
  }),
  workers: z.array(Worker).describe('Workers seen within the last hour, newest first'),
}).register(named, { id: 'Operations' })

const History = z.object({
  stepSeconds: z.int().describe('The length of a step'),
  steps: z.array(z.object({
    startedAt: z.string().meta({ format: 'date-time' }),
    matched: z.int().describe('Payments that settled in this step, by outcome'),
    discrepancy: z.int(),
    failed: z.int(),
    p50: Milliseconds.describe('From accepted to settled, in milliseconds, within 5 % or 1 ms; null if nothing settled'),
    p95: Milliseconds,
    waiting: z.int().nullable().describe(`Jobs in the queue, counted up to ${MAX_COUNTED}; null if they were not counted in this step`),
  })).describe('Oldest first, from when this process started at the earliest. The last step has not ended'),
}).register(named, { id: 'OperationsHistory' })

export interface OperationsDeps extends QueueDeps {
  readStatistics: () => SettleStatistics
  readHistory: ActivityHistory['read']
}

export function operationRoutes({ db, readStatistics, readHistory, wake }: OperationsDeps): Route[] {
  return [
    defineRoute({
      tag: 'Operations',
      operationId: 'getOperations',
      method: 'get',
      path: '/operations',
      summary: 'Get the state of the queue, the rate, the latency, the exceptions and the workers',
      responses: {
        200: { description: 'Now', schema: Operations },
      },
      handle: async (_input, _req, res) => {
        const [queue, exceptions, workers] = await Promise.all([
          queueState(db),
          countExceptions(db),
          listWorkers(db),
        ])
        res.json({
          queue: { waiting: queue.waiting, dead: queue.dead, oldestSeconds: queue.oldest_seconds, ...queuePauseJson(queue) },
          settled: readStatistics(),
          exceptions,
          workers: judgeWorkers(workers).map(workerJson),
        })
      },
    }),
    defineRoute({
      tag: 'Operations',
      operationId: 'getOperationsHistory',
      method: 'get',
      path: '/operations/history',
      summary: 'Get what settled, how fast, and how long the queue was, over the last minutes or hours',
      description: 'As notified to the process that responds, which keeps it in memory: it reads no table.',
      query: SpanQuery,
      responses: {
        200: { description: 'The steps of the span', schema: History },
      },
      handle: ({ query: { span } }, _req, res) => {
        res.json({
          stepSeconds: SPANS[span].stepSeconds,
          steps: readHistory(span).map(({ at, settled, ...step }) => ({ startedAt: new Date(at * 1_000).toISOString(), ...settled, ...step })),
        })
      },
    }),
    defineRoute({
      tag: 'Operations',
      operationId: 'listReconJobs',
      method: 'get',
      path: '/recon-jobs',
      summary: 'List reconciliation jobs with one status, those of the newest payments and refunds first',
      description: `A page examines at most ${MAX_EXAMINED} jobs: if few of them have the status, it may be short or even empty, and still have a nextCursor.`,
      query: z.strictObject({
        status: JobStatus,
        limit: Limit,
        cursor: cursorOver(z.uuid('is not a cursor of this list')),
      }),
      responses: {
        200: {
          description: 'A page',
          schema: pageOf('jobs', ReconJob),
        },
      },
      handle: async ({ query: { status, limit, cursor } }, _req, res) => {
        const { rows, next } = await listJobs(db, status, { limit, before: cursor })
        res.json({
          jobs: rows.map(jobJson),
          nextCursor: next ?? null,
        })
      },
    }),
    defineRoute({
      tag: 'Operations',
      operationId: 'retryReconJob',
      method: 'post',
      path: '/recon-jobs/{paymentId}/retry',
      summary: 'Put a dead job back into the queue',
      params: z.object({
        paymentId: z.uuid('must be a UUID').describe('The payment, or the refund if the job has a refundId'),
      }),
      responses: {
        200: { description: 'The job, waiting again', schema: ReconJob },
      },
      problems: ['not-found', 'job-not-dead'],
      handle: async ({ params: { paymentId } }, _req, res) => {
        const { retried, job } = await retryJob(db, paymentId)
        if (!job)
          return sendProblem(res, 'not-found', `There is no job for a payment or refund ${paymentId}.`)
        if (!retried)
          return sendProblem(res, 'job-not-dead', `The job is ${job.status}. Only a dead job can be retried.`)
        wake()
        res.json(jobJson(job))
      },
    }),
  ]
}
