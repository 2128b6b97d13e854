import type { FieldError, ProblemFacts, ProblemType } from './problem.ts'
import { KEY_IN_USE, KEY_REUSED } from './idempotency-key.ts'
import { MAX_JSON_DEPTH } from './json-depth.ts'
import { problemJson } from './problem.ts'
import { whyNotRefundable, whyTooMuch } from './refund-problems.ts'

const REQUEST_ID = '0193d3f0-5b1c-7cc3-98c4-dc0c0c07398f'

const EXAMPLES: Record<ProblemType, { detail: string, errors?: FieldError[], facts?: ProblemFacts }> = {
  'malformed-request': { detail: 'The path or a header is malformed.' },
  'malformed-json': {
    detail: 'The body contains #/amount more than once. Send each key of an object once.',
    errors: [{ pointer: '#/amount', detail: 'is repeated' }],
  },
  'json-too-deep': { detail: `Objects and arrays may be nested at most ${MAX_JSON_DEPTH} levels deep.` },
  'invalid-parameter': {
    detail: 'limit must be a whole number from 1 to 200, in decimal digits.',
    errors: [{ parameter: 'limit', detail: 'must be a whole number from 1 to 200, in decimal digits' }],
  },
  'idempotency-key-missing': { detail: 'Send an Idempotency-Key header with a unique value for this payment or refund, such as a UUID.' },
  'idempotency-key-malformed': { detail: 'An Idempotency-Key has 1 to 255 visible ASCII characters without spaces, and does not start with ". In double quotes, " and \\ are written \\" and \\\\. Send one header.' },
  'not-found': { detail: 'There is no payment 0193d3f0-4a2b-7d11-8f3e-2b1a0c9d8e7f.' },
  'method-not-allowed': { detail: 'DELETE is not allowed here. Allowed: POST, GET, HEAD.' },
  'request-timeout': { detail: 'The request did not arrive in time. Send it again.' },
  'idempotency-key-in-use': { detail: KEY_IN_USE },
  'job-not-dead': { detail: 'The job is completed. Only a dead job can be retried.' },
  'payment-not-refundable': {
    detail: whyNotRefundable('pending'),
    facts: { paymentStatus: 'pending', left: '0.00' },
  },
  'refund-exceeds-payment': {
    detail: whyTooMuch('30.00', 'USD'),
    facts: { paymentStatus: 'partially_refunded', left: '30.00' },
  },
  'payload-too-large': { detail: 'A body may have at most 65536 bytes.' },
  'uri-too-long': { detail: 'The request line and the headers may have at most 16 kB together; the request line alone has more.' },
  'unsupported-media-type': { detail: 'Content-Type is "text/plain"; send application/json.' },
  'expectation-failed': { detail: 'The only supported expectation is "Expect: 100-continue".' },
  'validation': {
    detail: 'Nothing was created or changed. Correct the fields listed in errors.',
    errors: [
      { pointer: '#/accountId', detail: 'is required' },
      { pointer: '#/amount', detail: 'must have at most 2 decimals in this currency' },
    ],
  },
  'idempotency-key-reused': { detail: KEY_REUSED },
  'currency-mismatch': {
    detail: 'Account ACC-001 holds EUR; an account has one currency.',
    errors: [{ pointer: '#/currency', detail: 'must be EUR for this account' }],
  },
  'headers-too-large': { detail: 'The request line and the headers may have at most 16 kB together.' },
  'internal': { detail: 'The log of the API has the cause, under the id in instance.' },
  'overloaded': { detail: 'Too many payments or refunds are waiting to be written. Try again with the same Idempotency-Key.' },
  'unavailable': { detail: 'The database is unavailable. Try again with the same Idempotency-Key: nothing is made twice.' },
}

/** A problem as the API sends it. */
export function problemExample(type: ProblemType): unknown {
  const { detail, errors, facts } = EXAMPLES[type]
  return JSON.parse(problemJson(type, detail, REQUEST_ID, errors, facts))
}
