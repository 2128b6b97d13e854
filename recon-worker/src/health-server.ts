import type { Server } from 'node:http'
import type { Readiness } from './readiness.ts'
import { createServer } from 'node:http'

/** Serves GET /health while the process lives, and GET /ready as `readiness` says. Not listening yet. */
export function healthServer(readiness: () => Promise<Readiness>): Server {
  return createServer({ headersTimeout: 5_000, requestTimeout: 5_000 }, (req, res) => {
    const respond = (status: number, body: object): void => {
      res.writeHead(status, {
        'Content-Type': status < 400 ? 'application/json' : 'application/problem+json',
      })
      res.end(JSON.stringify(body))
    }
    if (req.method !== 'GET' && req.method !== 'HEAD')
      respond(405, { type: '/problems/method-not-allowed', title: 'The method is not allowed here', status: 405 })
    else if (req.url === '/health')
      respond(200, { status: 'ok' })
    else if (req.url === '/ready')
      void readiness().then(({ problem, ...state }) => problem ? respond(503, { ...problem, status: 503 }) : respond(200, state))
    else
      respond(404, { type: '/problems/not-found', title: 'There is nothing here', status: 404 })
  })
}
