import type { Request, RequestHandler } from 'express'
import type { Logger } from 'pino'
import { randomUUID } from 'node:crypto'

/** Polled every few seconds: a line for each would flood the log. */
const PROBES = new Set(['/health', '/ready', '/metrics'])

/**
 * Middleware that gives each request an id, sends it as X-Request-Id, and logs a line when the response is done. pino-http would
 * create a logger per request, which took 10 % of the API's time.
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

/** The fields of a request that are logged: no header and no body. */
export function loggedRequest({ id, method, originalUrl }: Request): object {
  return { id, method, url: originalUrl }
}

declare module 'express-serve-static-core' {
  interface Request {
    id: string
  }
}
