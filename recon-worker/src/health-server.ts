import type { Server } from 'node:http'
import { createServer } from 'node:http'

/** Answers GET /health while the process lives and GET /ready when `ready` resolves. Not listening yet. */
export function healthServer(ready: () => Promise<unknown>): Server {
  return createServer({ headersTimeout: 5_000, requestTimeout: 5_000 }, (req, res) => {
    const answer = (status: number, body: object): void => {
      res.writeHead(status, {
        'Content-Type': status < 400 ? 'application/json' : 'application/problem+json',
      })
      res.end(JSON.stringify(body))
    }
    if (req.method !== 'GET' && req.method !== 'HEAD')
      answer(405, { type: '/problems/method-not-allowed', title: 'The method is not allowed here', status: 405 })
    else if (req.url === '/health')
      answer(200, { status: 'ok' })
    else if (req.url === '/ready')
      ready().then(() => answer(200, { status: 'ready' }), () => answer(503, { type: '/problems/unavailable', title: 'The database cannot be reached', status: 503 }))
    else
      answer(404, { type: '/problems/not-found', title: 'There is nothing here', status: 404 })
  })
}
