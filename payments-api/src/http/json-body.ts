import type { NextFunction, Request, RequestHandler, Response } from 'express'
import { isTooDeep, MAX_JSON_DEPTH } from './json-depth.ts'
import { JsonNumber } from './json-number.ts'
import { jsonPointer } from './json-pointer.ts'
import { excerpt, sendProblem } from './problem.ts'
import { readBody } from './read-body.ts'
import { repeatedKey } from './repeated-key.ts'

/** Only such a text needs a reviver, which makes parsing several times slower. */
const MAY_HOLD_A_NUMBER = /(?:^|[:,[])\s*-?\d/
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Middleware: reads a JSON body into req.body, its numbers as JsonNumber. A request without an optional body leaves it undefined. */
export function jsonBody({ optional }: { optional: boolean }): RequestHandler[] {
  return optional
    ? [...[readBody, requireJson, parseJson].map(ifBody), dropEmptyBody]
    : [requireJson, readBody, parseJson]
}

function ifBody(step: RequestHandler): RequestHandler {
  return (req, res, next) => hasBody(req) ? step(req, res, next) : next()
}

/** Only reading a chunked body shows whether it is empty. */
function hasBody({ headers, body }: Request): boolean {
  return body instanceof Buffer ? body.length > 0 : headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function dropEmptyBody(req: Request, _res: Response, next: NextFunction): void {
  if (req.body instanceof Buffer)
    req.body = undefined
  next()
}

function requireJson(req: Request, res: Response, next: NextFunction): void {
  const type = req.get('content-type') ?? ''
  if (/^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(type))
    return next()
  sendProblem(res, 'unsupported-media-type', type
    ? `Content-Type is "${excerpt(type)}"; send application/json.`
    : 'Content-Type is missing; send application/json.')
}

function parseJson(req: Request, res: Response, next: NextFunction): void {
  try {
    const text = utf8.decode(req.body as Buffer)
    if (isTooDeep(text))
      return sendProblem(res, 'json-too-deep', `Objects and arrays may be nested at most ${MAX_JSON_DEPTH} levels deep.`)
    const parsed: unknown = MAY_HOLD_A_NUMBER.test(text) ? JSON.parse(text, exactNumbers) : JSON.parse(text)
    const repeated = repeatedKey(text, parsed)
    if (repeated) {
      const pointer = jsonPointer(repeated)
      return sendProblem(res, 'malformed-json', `The body contains ${pointer} more than once. Send each key of an object once.`, [{ pointer, detail: 'is repeated' }])
    }
    req.body = parsed
    next()
  }
  catch (error) {
    sendProblem(res, 'malformed-json', error instanceof SyntaxError
      ? `The body cannot be parsed: ${error.message}.`
      : 'The body is not valid UTF-8.')
  }
}

/** Source: TC39 "JSON.parse source text access", in V8 since 11.4. */
function exactNumbers(_key: string, value: unknown, context?: { source: string }): unknown {
  return typeof value === 'number' && context ? new JsonNumber(context.source) : value
}
