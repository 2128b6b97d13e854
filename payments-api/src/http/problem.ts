import type { Response } from 'express'
import type { PaymentStatus } from '../domain/payment.ts'

/** Every kind of error that the API returns (RFC 9457), by the last part of its type. Types are stable: clients switch on them. */
export const PROBLEMS = {
  'malformed-request': { status: 400, title: 'The request cannot be read' },
  'malformed-json': { status: 400, title: 'The body cannot be read as JSON' },
  'json-too-deep': { status: 400, title: 'The body is nested too deeply' },
  'invalid-parameter': { status: 400, title: 'A path or query parameter is wrong' },
  'idempotency-key-missing': { status: 400, title: 'The Idempotency-Key header is missing' },
  'idempotency-key-malformed': { status: 400, title: 'The Idempotency-Key header is malformed' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'idempotency-key-in-use': { status: 409, title: 'A request with this Idempotency-Key is under way', retryAfterSeconds: 1 },
  'job-not-dead': { status: 409, title: 'The job is not dead' },
  'payment-not-refundable': { status: 409, title: 'The payment cannot be refunded' },
  'refund-exceeds-payment': { status: 409, title: 'The refund is more than is left of the payment' },
  'payload-too-large': { status: 413, title: 'The body is too large' },
  'uri-too-long': { status: 414, title: 'The path and query are too long' },
  'unsupported-media-type': { status: 415, title: 'The body is not application/json in UTF-8' },
  'expectation-failed': { status: 417, title: 'The expectation cannot be met' },
  'validation': { status: 422, title: 'The body breaks a rule' },
  'idempotency-key-reused': { status: 422, title: 'This Idempotency-Key belongs to another request' },
  'currency-mismatch': { status: 422, title: 'The account holds another currency' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  'internal': { status: 500, title: 'Something went wrong here' },
  'overloaded': { status: 503, title: 'Too many requests are waiting', retryAfterSeconds: 1 },
  'unavailable': { status: 503, title: 'The database cannot be reached', retryAfterSeconds: 1 },
} as const
export type ProblemType = keyof typeof PROBLEMS

/** Seconds after which the same request may succeed; undefined if waiting cannot help. */
export function retryAfterSeconds(type: ProblemType): number | undefined {
  const problem = PROBLEMS[type]
  return 'retryAfterSeconds' in problem ? problem.retryAfterSeconds : undefined
}

/** One wrong field: a JSON pointer into the body (RFC 6901, as a URI fragment), or the name of a parameter. */
export interface FieldError {
  pointer?: string
  parameter?: string
  detail: string
}

/** Further members of a problem (RFC 9457, 3.2), which say in which state the request found a payment. */
export interface ProblemFacts {
  paymentStatus: PaymentStatus
  /** What can still be refunded, as a decimal string. */
  left: string
}

/** Most errors that a problem lists; its detail says how many more there are. */
export const MAX_ERRORS = 20
/** Most characters of a caller's name or value that a problem repeats. */
const MAX_EXCERPT = 100

/** Cuts a caller's text to a length that a response can repeat. */
export function excerpt(text: string): string {
  return text.length > MAX_EXCERPT ? `${text.slice(0, MAX_EXCERPT)}…`.toWellFormed() : text
}

/** Sends a problem. `detail` says what is wrong and what to do, and nothing internal. */
export function sendProblem(res: Response, type: ProblemType, detail: string, errors?: FieldError[], facts?: ProblemFacts): void {
  const seconds = retryAfterSeconds(type)
  if (seconds !== undefined)
    res.set('Retry-After', String(seconds))
  res.status(PROBLEMS[type].status).type('application/problem+json').send(problemJson(type, detail, res.req.id, errors, facts))
}

/** The body of a problem, for the request with this id. */
export function problemJson(type: ProblemType, detail: string, requestId: string, errors?: FieldError[], facts?: ProblemFacts): string {
  const { status, title } = PROBLEMS[type]
  const unlisted = (errors?.length ?? 0) - MAX_ERRORS
  return JSON.stringify({
    type: `/problems/${type}`,
    title,
    status,
    detail: unlisted > 0 ? `${detail} ${unlisted} more errors are not listed.` : detail,
    instance: `urn:uuid:${requestId}`,
    ...(errors && { errors: errors.slice(0, MAX_ERRORS) }),
    ...facts,
  })
}
