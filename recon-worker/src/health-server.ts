import type { Server } from 'node:http'
import type { Readiness } from './readiness.ts'
import { createServer } from 'node:http'

/**
 * Creates the server of the health checks; the caller makes it listen. GET /health responds 200 while the process lives.
 * GET /ready responds 200 if the worker can settle payments, otherwise 503 with the reason.
 */
export function healthServer(readiness: () => Promise<Readiness>): Server {
  return createServer({ headersTimeout: 5_000, requestTimeout: 5_000 }, (req, res) => {
    const respond = (status: number, body: object): void => {
      res.writeHead(status, {
        'Content-Type': status < 400 ? 'application/json' : 'application/problem+json',
      })
      res.end(JSON.stringify(body))
    }
    if (req.method !== 'GET' && req.method !== 'HEAD')
      respond(405, { type: '/problems/method-not-allowed', title: 'Method not allowed', status: 405 })
    else if (req.url === '/health')
      respond(200, { status: 'ok' })
    else if (req.url === '/ready')
      void readiness().then(({ problem, ...state }) => problem ? respond(503, { ...problem, status: 503 }) : respond(200, state))
    else
      respond(404, { type: '/problems/not-found', title: 'Not found', status: 404 })
  })
}
