import type { Response } from 'express'
import type { FieldError, ProblemType } from './problem.ts'
import { z } from 'zod'
import { JsonNumber } from './json-number.ts'
import { jsonPointer } from './json-pointer.ts'
import { excerpt, MAX_ERRORS, sendProblem } from './problem.ts'

/** A request header that an operation reads. */
export interface HeaderInput {
  /** Checks the header's value; undefined where the request has none. Its metadata describes the header in the document. */
  schema: z.ZodType
  /** The 400 for a missing header, and for one that the schema refuses with its message; neither for a schema that accepts everything. */
  missing?: ProblemType
  malformed?: ProblemType
}

/** The detail of a validation problem. */
export const BROKEN_RULES = 'Nothing was created or changed. Correct the fields listed in errors.'

const NoParameters = z.strictObject({})

/**
 * Checks path or query parameters: each must be known, valid and given once. If any is wrong, sends a 400 that names each
 * wrong parameter and returns undefined.
 */
export function checkParameters<Schema extends z.ZodType>(schema: Schema | undefined, input: Record<string, unknown>, res: Response): z.output<Schema> | undefined {
  const parsed = (schema ?? NoParameters).safeParse(input)
  if (parsed.success)
    return parsed.data as z.output<Schema>
  const errors = findErrors(parsed.error, input, 'is not a parameter here').map(({ path: [name], detail }) =>
    ({ parameter: excerpt(String(name)), detail: Array.isArray(input[String(name)]) ? 'is given more than once' : detail }))
  sendProblem(res, 'invalid-parameter', `${errors.slice(0, MAX_ERRORS).map(({ parameter, detail }) => `${parameter} ${detail}`).join('; ')}.`, errors)
}

/** Checks an operation's request headers. Sends the header's own 400 and returns undefined if one is missing or malformed. */
export function checkHeaders(headers: Record<string, HeaderInput>, res: Response): Record<string, unknown> | undefined {
  const values: Record<string, unknown> = {}
  for (const [name, { schema, missing, malformed }] of Object.entries(headers)) {
    const text = res.req.get(name)
    const parsed = schema.safeParse(text)
    if (!parsed.success) {
      sendProblem(res, (text === undefined ? missing : malformed) ?? 'malformed-request', parsed.error.issues[0]!.message)
      return undefined
    }
    values[name] = parsed.data
  }
  return values
}

/** Checks a JSON body. If it breaks a rule, sends a 422 that names each wrong field by its pointer and returns undefined. */
export function checkBody<Schema extends z.ZodType>(schema: Schema, json: unknown, res: Response): z.output<Schema> | undefined {
  const input = json instanceof JsonNumber ? Number(json.source) : json // zod would accept a JsonNumber as an object
  const parsed = schema.safeParse(input)
  if (parsed.success)
    return parsed.data
  const errors: FieldError[] = findErrors(parsed.error, input, 'is not a field here').map(({ path, detail }) => ({ pointer: jsonPointer(path), detail }))
  sendProblem(res, 'validation', BROKEN_RULES, errors)
}

/** Every rule that the input breaks, with the path of the field or parameter that breaks it. */
function findErrors(error: z.ZodError, input: unknown, unknown: string): { path: PropertyKey[], detail: string }[] {
  return error.issues.flatMap(issue => issue.code === 'unrecognized_keys'
    ? issue.keys.map(key => ({ path: [...issue.path, key], detail: unknown }))
    : [{ path: issue.path, detail: isMissing(input, issue.path) ? 'is required' : issue.message }])
}

function isMissing(input: unknown, path: PropertyKey[]): boolean {
  return path.length > 0 && path.reduce((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], input) === undefined
}
