import type { Express } from 'express'
import type { EventHub } from './domain/event-hub.ts'
import type { HealthDeps } from './http/health.ts'
import type { OperationsDeps } from './http/operations.ts'
import type { PaymentsDeps } from './http/payments.ts'
import type { ProofsDeps } from './http/proofs.ts'
import type { RefundsDeps } from './http/refunds.ts'
import type { Route } from './http/route.ts'
import type { WorkersDeps } from './http/workers.ts'
import type { Metrics } from './metrics.ts'
import express from 'express'
import { accountEntryRoutes } from './http/account-entries.ts'
import { accountRoutes } from './http/accounts.ts'
import { checkRequest } from './http/check-request.ts'
import { docsRouter } from './http/docs.ts'
import { errorHandler } from './http/error-handler.ts'
import { eventRoutes } from './http/events.ts'
import { healthRoutes } from './http/health.ts'
import { logRequests } from './http/log-requests.ts'
import { operationRoutes } from './http/operations.ts'
import { paymentRoutes } from './http/payments.ts'
import { excerpt, sendProblem } from './http/problem.ts'
import { proofRoutes } from './http/proofs.ts'
import { queueRoutes } from './http/queue.ts'
import { refundRoutes } from './http/refunds.ts'
import { routerOf } from './http/route.ts'
import { workerRoutes } from './http/workers.ts'

export interface AppDeps extends PaymentsDeps, RefundsDeps, OperationsDeps, ProofsDeps, WorkersDeps, Omit<HealthDeps, 'metrics'> {
  events: EventHub
  metrics: Metrics
}

/** Every operation of the API. */
export function apiRoutes(deps: AppDeps): Route[] {
  return [
    ...paymentRoutes(deps),
    ...refundRoutes(deps),
    ...accountRoutes(deps),
    ...accountEntryRoutes(deps),
    ...operationRoutes(deps),
    ...workerRoutes(deps),
    ...queueRoutes(deps),
    ...proofRoutes(deps),
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
  app.use(logRequests(deps.log))
  app.use((_req, res, next) => {
    res.setHeader('X-Content-Type-Options', 'nosniff')
    res.setHeader('Cache-Control', 'no-store')
    next()
  })
  app.use(checkRequest)
  app.use(routerOf(routes))
  app.use(docsRouter(routes))
  app.use((req, res) => sendProblem(res, 'not-found', `${req.method} ${excerpt(req.path)} is not a route of this API.`))
  app.use(errorHandler(deps.log))
  return app
}
