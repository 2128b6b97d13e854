import type { NextFunction, Request, Response } from 'express'
import type { z } from 'zod'
import { jsonBody } from './json-body.ts'
import { JsonNumber } from './json-number.ts'
import { jsonPointer } from './json-pointer.ts'
import { sendProblem } from './problem.ts'

/** Middleware: reads a JSON body into req.body. A request without a body is read as {}. */
export const optionalJsonBody = [
  (req: Request, _res: Response, next: NextFunction): void => {
    if (!hasBody(req))
      req.body = {}
    next()
  },
  ...jsonBody.map(handler => (req: Request, res: Response, next: NextFunction): void => {
    if (hasBody(req))
      void handler(req, res, next)
    else
      next()
  }),
]

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** Checks a body. If it breaks a rule, sends a 422 that names each wrong field by its pointer and returns undefined. */
export function parseBody<Schema extends z.ZodType>(schema: Schema, json: unknown, res: Response): z.output<Schema> | undefined {
  const parsed = schema.safeParse(json instanceof JsonNumber ? Number(json.source) : json)
  if (parsed.success)
    return parsed.data
  const errors = parsed.error.issues.flatMap(issue => issue.code === 'unrecognized_keys'
    ? issue.keys.map(key => ({ pointer: jsonPointer([...issue.path, key]), detail: 'is not a field here' }))
    : [
        { pointer: jsonPointer(issue.path), detail: issue.message },
      ])
  sendProblem(res, 'validation', 'Nothing was changed. Correct the fields listed in errors.', errors)
}
