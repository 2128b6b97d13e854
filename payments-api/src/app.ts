import type { Express } from 'express'
import type { Logger } from 'pino'
import type { EventHub } from './domain/event-hub.ts'
import type { HealthDeps } from './http/health.ts'
import type { OperationsDeps } from './http/operations.ts'
import type { PaymentsDeps } from './http/payments.ts'
import type { Route } from './http/route.ts'
import type { Metrics } from './metrics.ts'
import { randomUUID } from 'node:crypto'
import express from 'express'
import { pinoHttp } from 'pino-http'
import { accountRoutes } from './http/accounts.ts'
import { docsRouter } from './http/docs.ts'
import { errorHandler } from './http/error-handler.ts'
import { eventRoutes } from './http/events.ts'
import { healthRoutes } from './http/health.ts'
import { operationRoutes } from './http/operations.ts'
import { paymentRoutes } from './http/payments.ts'
import { sendProblem } from './http/problem.ts'
import { routerOf } from './http/route.ts'

/** Asked every few seconds, and not worth a line each time. */
const PROBES = new Set(['/health', '/ready', '/metrics'])

export interface AppDeps extends PaymentsDeps, OperationsDeps, Omit<HealthDeps, 'metrics'> {
  events: EventHub
  metrics: Metrics
  log: Logger
}

/** Every operation of the API. */
export function apiRoutes(deps: AppDeps): Route[] {
  return [
    ...paymentRoutes(deps),
    ...accountRoutes(deps),
    ...operationRoutes(deps),
    ...eventRoutes(deps),
    ...healthRoutes({ ...deps, metrics: deps.metrics.registry }),
  ]
}

/** The HTTP API, not listening yet. */
export function buildApp(deps: AppDeps): Express {
  const routes = apiRoutes(deps)
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  app.use(deps.metrics.measureRequests)
  app.use(pinoHttp({
    logger: deps.log,
    autoLogging: { ignore: req => PROBES.has(req.url ?? '') },
    genReqId: (_req, res) => {
      const id = randomUUID()
      res.setHeader('X-Request-Id', id)
      return id
    },
    customLogLevel: (_req, res) => res.statusCode >= 500 ? 'error' : 'info',
    serializers: {
      req: ({ id, method, url }: { id: string, method: string, url: string }) => ({ id, method, url }),
      res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
    },
  }))
  app.use((_req, res, next) => {
    res.setHeader('X-Content-Type-Options', 'nosniff')
    next()
  })
  app.use(routerOf(routes))
  app.use(docsRouter(routes))
  app.use((req, res) => sendProblem(res, 'not-found', `${req.method} ${req.path} is not a route of this API.`))
  app.use(errorHandler)
  return app
}
