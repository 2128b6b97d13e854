import type { Knex } from 'knex'
import type { QueuePauseRow } from '../sql/pause-queue.ts'
import type { Route } from './route.ts'
import { z } from 'zod'
import { groupDeadJobs, MAX_GROUPED } from '../sql/group-dead-jobs.ts'
import { pauseQueue, queuePause, resumeQueue } from '../sql/pause-queue.ts'
import { MAX_COUNTED } from '../sql/queue-state.ts'
import { countDeadJobs, retryJobs } from '../sql/retry-jobs.ts'
import { JsonNumber } from './json-number.ts'
import { defineRoute } from './route.ts'
import { named, Text } from './schemas.ts'

/** Most dead jobs that one request retries: one statement locks and rewrites each of them. */
const MAX_RETRIED = 1_000
/** paused_by for every caller of the API, which does not distinguish callers yet. A worker writes the name of its service. */
const OPERATOR = 'operator'

/** A pause, in every response that contains one. */
export const queuePauseFields = {
  pausedAt: z.string().meta({ format: 'date-time' }).nullable().describe('When the queue was paused; null while it runs'),
  pausedBy: z.string().nullable().describe(`Who paused it: "${OPERATOR}" through this API, or "recon-worker" because most jobs were refused`),
  pauseReason: z.string().nullable().describe('The reason, if one was given'),
}
const QueuePause = z.object(queuePauseFields).register(named, { id: 'QueuePause' })

export function queuePauseJson({ paused_at, paused_by, reason }: QueuePauseRow): z.output<typeof QueuePause> {
  return { pausedAt: paused_at, pausedBy: paused_by, pauseReason: reason === '' ? null : reason }
}

const PauseQueue = z.strictObject({
  reason: Text(500).default('').meta({ description: 'The reason, shown while the queue is paused', examples: ['The bank corrects its accounts until noon'] }),
}, 'must be a JSON object').register(named, { id: 'PauseQueue' })

const RetryReconJobs = z.strictObject({
  error: Text(10_000).optional().meta({ description: 'Retry only jobs whose lastError is exactly this. Without it, all dead jobs', examples: ['no such account'] }),
  limit: z.instanceof(JsonNumber, { error: 'must be a number' })
    .transform(({ source }) => Number(source))
    .pipe(z.int('must be a whole number').min(1, 'must be at least 1').max(MAX_RETRIED, `must be at most ${MAX_RETRIED}`))
    .default(MAX_RETRIED)
    .meta({ description: 'The most jobs to retry', type: 'integer', minimum: 1, maximum: MAX_RETRIED }),
}, 'must be a JSON object').register(named, { id: 'RetryReconJobs' })

const RetriedReconJobs = z.object({
  retried: z.int().min(0).describe('The number of jobs put back into the queue'),
  remaining: z.int().min(0).describe(`Matching jobs that are still dead, counted up to ${MAX_COUNTED}. Repeat the request until there are none`),
}).register(named, { id: 'RetriedReconJobs' })

const DeadJobGroups = z.object({
  groups: z.array(z.object({
    error: z.string().describe('The lastError of its jobs, which may be empty; retry them with POST /recon-jobs/retry'),
    jobs: z.int(),
    amounts: z.array(z.object({ currency: z.string(), amount: z.string() })).describe('The sums of their payments and refunds, by currency, as decimal strings'),
    accounts: z.int(),
    accountIds: z.array(z.string()).describe('Some of the accounts'),
    newestPaymentId: z.string().meta({ format: 'uuid' }).describe('The payment of the newest job'),
    newestRefundId: z.string().meta({ format: 'uuid' }).nullable().describe('The refund that the newest job settles; null if it settles the payment'),
  })).describe('The largest group first'),
}).register(named, { id: 'DeadJobGroups' })

export interface QueueDeps {
  db: Knex
  /** Notifies the workers that jobs are due. */
  wake: () => void
}

export function queueRoutes({ db, wake }: QueueDeps): Route[] {
  return [
    defineRoute({
      tag: 'Operations',
      operationId: 'groupDeadJobs',
      method: 'get',
      path: '/recon-jobs/errors',
      summary: 'Get the dead jobs by their error',
      description: `Covers the ${MAX_GROUPED} newest dead jobs and their 50 most frequent errors.`,
      responses: {
        200: { description: 'The groups', schema: DeadJobGroups },
      },
      handle: async (_input, _req, res) => {
        const rows = await groupDeadJobs(db)
        res.json({
          groups: rows.map(row => ({ error: row.last_error, jobs: row.jobs, amounts: row.amounts, accounts: row.accounts, accountIds: row.account_ids, newestPaymentId: row.newest_refund_of ?? row.newest, newestRefundId: row.newest_refund_of && row.newest })),
        })
      },
    }),
    defineRoute({
      tag: 'Operations',
      operationId: 'retryReconJobs',
      method: 'post',
      path: '/recon-jobs/retry',
      summary: 'Retry dead jobs: all of them, or those with one error',
      description: `The oldest payments first, up to ${MAX_RETRIED} in a request. A retried job starts over with no attempts and may die again.`,
      body: RetryReconJobs,
      responses: {
        200: { description: 'How many jobs were retried, and how many are left', schema: RetriedReconJobs },
      },
      handle: async ({ body: { limit, error } }, _req, res) => {
        const retried = await retryJobs(db, { limit, error })
        if (retried > 0)
          wake()
        res.json({ retried, remaining: await countDeadJobs(db, { error }) })
      },
    }),
    defineRoute({
      tag: 'Operations',
      operationId: 'pauseQueue',
      method: 'post',
      path: '/queue/pause',
      summary: 'Pause the queue: workers claim no more jobs',
      description: 'Payments are still accepted and stay pending. Jobs that a worker has claimed are finished. Pausing a paused queue changes nothing: the first pause keeps its time and reason.',
      body: PauseQueue,
      responses: {
        200: { description: 'The pause in force', schema: QueuePause },
      },
      handle: async ({ body: { reason } }, _req, res) => {
        await pauseQueue(db, { by: OPERATOR, reason })
        res.json(queuePauseJson(await queuePause(db)))
      },
    }),
    defineRoute({
      tag: 'Operations',
      operationId: 'resumeQueue',
      method: 'post',
      path: '/queue/resume',
      summary: 'Resume the queue, no matter who paused it: workers claim jobs again',
      description: 'Resuming a running queue changes nothing.',
      responses: {
        200: { description: 'No pause is in force', schema: QueuePause },
      },
      handle: async (_input, _req, res) => {
        await resumeQueue(db)
        res.json(queuePauseJson(await queuePause(db)))
      },
    }),
  ]
}
