import type { RequestHandler } from 'express'
import type { QueueState } from './sql/queue-state.ts'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { registerQueueMetrics } from './queue-metrics.ts'

export interface Metrics {
  registry: Registry
  /** Middleware that measures every request. */
  measureRequests: RequestHandler
  /** Records one write: its number of payments and its duration. */
  wrote: (payments: number, seconds: number) => void
  settled: (payments: number) => void
}

/** The metrics that Prometheus scrapes from one process. Each scrape calls `eventClients` and `readQueue`. */
export function createMetrics(eventClients: () => number, readQueue: () => Promise<QueueState>): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  registerQueueMetrics(registry, readQueue)
  const registers = [registry]
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from request to response, by route',
    labelNames: ['method', 'route', 'status'],
    buckets: [
      0.002,
      0.005,
      0.01,
      0.02,
      0.05,
      0.1,
      0.2,
      0.5,
      1,
      2,
      5,
    ],
    registers,
  })
  const batchSize = new Histogram({
    name: 'payments_write_batch_size',
    help: 'Payments written by one commit',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
    registers,
  })
  const batchSeconds = new Histogram({
    name: 'payments_write_seconds',
    help: 'Time from the start of a write to its commit',
    buckets: [
      0.001,
      0.002,
      0.005,
      0.01,
      0.02,
      0.05,
      0.1,
      0.5,
      1,
      5,
    ],
    registers,
  })
  const settled = new Counter({ name: 'payments_settled_total', help: 'Payments settled, as the database notified this process', registers })
  // eslint-disable-next-line no-new -- it registers itself
  new Gauge({
    name: 'event_stream_clients',
    help: 'Clients of GET /events',
    registers,
    collect() { this.set(eventClients()) },
  })

  return {
    registry,
    measureRequests: (req, res, next) => {
      const startedAtMs = performance.now()
      res.once('close', () => requests.observe(
        { method: req.method, route: req.routePath ?? 'none', status: res.statusCode },
        (performance.now() - startedAtMs) / 1_000,
      ))
      next()
    },
    wrote: (payments, seconds) => {
      batchSize.observe(payments)
      batchSeconds.observe(seconds)
    },
    settled: payments => settled.inc(payments),
  }
}
