import type { Request, RequestHandler } from 'express'
import type { Logger } from 'pino'
import { randomUUID } from 'node:crypto'

/** Asked every few seconds, and not worth a line each time. */
const PROBES = new Set(['/health', '/ready', '/metrics'])

/**
 * Middleware: gives each request its id, which the header X-Request-Id tells, and logs a line when its answer is out.
 * Not pino-http: it makes a logger for each request, which took a tenth of the API's time.
 */
export function logRequests(log: Logger): RequestHandler {
  return (req, res, next) => {
    const startedAtMs = performance.now()
    req.id = randomUUID()
    res.setHeader('X-Request-Id', req.id)
    if (!PROBES.has(req.url)) {
      res.once('close', () => {
        const failed = res.statusCode >= 500
        log[failed ? 'error' : 'info'](
          { req: loggedRequest(req), res: { statusCode: res.statusCode }, responseTime: Math.round(performance.now() - startedAtMs) },
          !res.writableFinished ? 'request aborted' : failed ? 'request failed' : 'request completed',
        )
      })
    }
    next()
  }
}

/** What the log tells of a request: no header and no body. */
export function loggedRequest({ id, method, originalUrl }: Request): object {
  return { id, method, url: originalUrl }
}

declare module 'express-serve-static-core' {
  interface Request {
    id: string
  }
}
