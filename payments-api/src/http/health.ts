import type { Knex } from 'knex'
import type { Registry } from 'prom-client'
import type { Route } from './route.ts'
import { assertWritable } from '../sql/assert-writable.ts'
import { sendProblem } from './problem.ts'
import { defineRoute } from './route.ts'
import { Health, Ready } from './schemas.ts'

export interface HealthDeps {
  db: Knex
  draining: () => boolean
  metrics: Registry
}

/** /health: the process is alive. /ready: it can serve; not while draining, or while the database is unavailable or read-only. */
export function healthRoutes({ db, draining, metrics }: HealthDeps): Route[] {
  return [
    defineRoute({
      tag: 'Health',
      operationId: 'getHealth',
      method: 'get',
      path: '/health',
      summary: 'Check whether the process is alive',
      responses: {
        200: { description: 'It is alive', schema: Health },
      },
      handle: (_input, _req, res) => void res.json({ status: 'ok' }),
    }),
    defineRoute({
      tag: 'Health',
      operationId: 'getReadiness',
      method: 'get',
      path: '/ready',
      summary: 'Check whether the process can serve requests',
      responses: {
        200: { description: 'It can', schema: Ready },
      },
      handle: async (_input, _req, res) => {
        if (draining())
          return sendProblem(res, 'unavailable', 'This process is stopping.')
        await assertWritable(db)
        res.json({ status: 'ready' })
      },
    }),
    defineRoute({
      tag: 'Health',
      operationId: 'getMetrics',
      method: 'get',
      path: '/metrics',
      summary: 'Metrics for Prometheus',
      responses: {
        200: { description: 'The text format', contentType: 'text/plain' },
      },
      handle: async (_input, _req, res) => void res.type(metrics.contentType).send(await metrics.metrics()),
    }),
  ]
}
