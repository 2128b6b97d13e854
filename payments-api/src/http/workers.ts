import type { Knex } from 'knex'
import type { ActivityHistory, Span } from '../domain/activity-history.ts'
import type { WorkerVerdict } from '../domain/judge-workers.ts'
import type { WorkerRow } from '../sql/list-workers.ts'
import type { Route } from './route.ts'
import { z } from 'zod'
import { SPANS } from '../domain/activity-history.ts'
import { judgeWorkers } from '../domain/judge-workers.ts'
import { listWorkers } from '../sql/list-workers.ts'
import { excerpt, sendProblem } from './problem.ts'
import { defineRoute } from './route.ts'
import { named, Text } from './schemas.ts'

/** The longest id that a worker can have, in characters. */
const MAX_ID = 100

export const Worker = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.int(),
  state: z.enum(['running', 'stopped', 'lost']).describe('A worker without heartbeats that has not reported its stop is lost'),
  replacedBy: z.string().nullable().describe('The worker that has started since this one was lost, and runs; null if none took over, and for a worker that is not lost'),
  startedAt: z.string().meta({ format: 'date-time' }),
  lastSeenAt: z.string().meta({ format: 'date-time' }),
  stoppedAt: z.string().meta({ format: 'date-time' }).nullable(),
  settled: z.int().describe('Payments settled since the worker started'),
  uncleanStops: z.int().describe('Consecutive starts, including the last one, that followed an unclean stop; 0 once the jobs of that time have settled'),
}).register(named, { id: 'Worker' })

const WorkerHistory = z.object({
  worker: Worker,
  stepSeconds: z.int().describe('The length of a step'),
  steps: z.array(z.object({
    startedAt: z.string().meta({ format: 'date-time' }),
    settled: z.int().describe('Payments that the worker reported as settled in this step'),
    settledByAll: z.int().describe('Payments that all workers reported as settled in this step'),
  })).describe('Oldest first, from when this process started at the earliest. The last step has not ended'),
}).register(named, { id: 'WorkerHistory' })

/** The query of a history. */
export const SpanQuery = z.strictObject({
  span: z.enum(Object.keys(SPANS) as Span[], `must be one of ${Object.keys(SPANS).join(', ')}`).default('15m').describe('How far back; stepSeconds in the response is the length of a step'),
})

export function workerJson(worker: WorkerRow & WorkerVerdict): z.output<typeof Worker> {
  return {
    id: worker.id,
    host: worker.host,
    pid: worker.pid,
    state: worker.state,
    replacedBy: worker.replacedBy,
    startedAt: worker.started_at,
    lastSeenAt: worker.last_seen_at,
    stoppedAt: worker.stopped_at,
    settled: Number(worker.settled),
    uncleanStops: worker.unclean_stops,
  }
}

export interface WorkersDeps {
  db: Knex
  readWorkerHistory: ActivityHistory['readWorker']
}

export function workerRoutes({ db, readWorkerHistory }: WorkersDeps): Route[] {
  return [
    defineRoute({
      tag: 'Operations',
      operationId: 'getWorker',
      method: 'get',
      path: '/operations/workers/{workerId}',
      summary: 'Get a worker, and what it settled over the last minutes or hours',
      description: 'A worker is known for a week after it was last seen. Workers report what they settled every 5 s; the process that responds keeps these reports in memory, in steps of at least 15 s.',
      params: z.object({ workerId: Text(MAX_ID) }),
      query: SpanQuery,
      responses: {
        200: { description: 'The worker and the steps of the span', schema: WorkerHistory },
      },
      problems: ['not-found'],
      handle: async ({ params: { workerId }, query: { span } }, _req, res) => {
        const worker = judgeWorkers(await listWorkers(db, { also: workerId })).find(({ id }) => id === workerId)
        if (!worker)
          return sendProblem(res, 'not-found', `There is no worker "${excerpt(workerId)}", or it was last seen more than a week ago. GET /operations lists the workers of the last hour.`)
        const { stepSeconds, steps } = readWorkerHistory(workerId, span)
        res.json({
          worker: workerJson(worker),
          stepSeconds,
          steps: steps.map(({ at, ...counts }) => ({ startedAt: new Date(at * 1_000).toISOString(), ...counts })),
        })
      },
    }),
  ]
}
