import type { ErrorRequestHandler } from 'express'
import type { Logger } from 'pino'
import { OverloadedError } from '../domain/in-batches.ts'
import { isUnavailable } from '../sql/database-errors.ts'
import { MAX_BODY_BYTES } from './json-body.ts'
import { loggedRequest } from './log-requests.ts'
import { sendProblem } from './problem.ts'

/** The one place where what was thrown becomes an answer. Every 5xx is logged with its cause; the caller sees none of it. */
export function errorHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    if (res.headersSent)
      return next(error)
    if (error instanceof OverloadedError)
      return sendProblem(res, 'overloaded', 'Too many payments wait to be written. Try again with the same Idempotency-Key.')
    if (isUnavailable(error)) {
      log.error({ req: loggedRequest(req), err: error }, 'the database is unavailable')
      return sendProblem(res, 'unavailable', 'The database cannot serve this now. Try again; with the same Idempotency-Key a payment is made once.')
    }
    // What Express and its body reader throw: see the package http-errors.
    switch (typeof error === 'object' && error !== null && 'status' in error
      ? error.status
      : undefined) {
      case 413: return sendProblem(res, 'payload-too-large', `A body may have ${MAX_BODY_BYTES} bytes.`)
      case 415: return sendProblem(res, 'unsupported-media-type', 'Send the body as it is, without Content-Encoding, as application/json in UTF-8.')
      case 400: return sendProblem(res, 'malformed-request', 'The path, a header or the body is malformed.')
    }
    log.error({ req: loggedRequest(req), err: error }, 'unexpected error')
    sendProblem(res, 'internal', 'The cause is in our log under the id given as instance.')
  }
}
