import type { ErrorRequestHandler } from 'express'
import type { Logger } from 'pino'
import { OverloadedError } from '../domain/in-batches.ts'
import { isUnavailable } from '../sql/database-errors.ts'
import { loggedRequest } from './log-requests.ts'
import { sendProblem } from './problem.ts'

/** The one place that turns a thrown error into a response. Every 5xx is logged with its cause, which the caller never sees. */
export function errorHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    if (res.headersSent)
      return next(error)
    if (error instanceof OverloadedError)
      return sendProblem(res, 'overloaded', 'Too many payments or refunds are waiting to be written. Try again with the same Idempotency-Key.')
    if (isUnavailable(error)) {
      log.error({ req: loggedRequest(req), err: error }, 'the database is unavailable')
      return sendProblem(res, 'unavailable', 'The database is unavailable. Try again with the same Idempotency-Key: nothing is made twice.')
    }
    // Express throws these for a path that is not percent-encoded UTF-8 and for a file's range or precondition.
    if (error instanceof Error && 'status' in error && Number(error.status) >= 400 && Number(error.status) < 500)
      return sendProblem(res, 'malformed-request', 'The path or a header is malformed.')
    log.error({ req: loggedRequest(req), err: error }, 'unexpected error')
    sendProblem(res, 'internal', 'The log of the API has the cause, under the id in instance.')
  }
}
