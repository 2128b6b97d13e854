import type { Response } from 'express'
import { z } from 'zod'
import { excerpt, MAX_ERRORS, sendProblem } from './problem.ts'

/** The query of an operation that has no parameters. */
export const NoParameters = z.strictObject({})

/**
 * Checks path or query parameters: each must be known, valid and given once. If any is wrong, sends a 400 that names each
 * wrong parameter and returns undefined.
 */
export function parseParameters<Schema extends z.ZodType>(schema: Schema, input: Record<string, unknown>, res: Response): z.output<Schema> | undefined {
  const parsed = schema.safeParse(input)
  if (parsed.success)
    return parsed.data
  const errors = parsed.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map(key => ({ parameter: excerpt(key), detail: 'is not a parameter here' }))
    const parameter = String(issue.path[0])
    return [{ parameter, detail: Array.isArray(input[parameter]) ? 'is given more than once' : issue.message }]
  })
  sendProblem(res, 'invalid-parameter', `${errors.slice(0, MAX_ERRORS).map(({ parameter, detail }) => `${parameter} ${detail}`).join('; ')}.`, errors)
}

/** A whole number in plain decimal digits: no sign, exponent, space, hexadecimal or leading zero. */
export function wholeNumber({ min, max, byDefault }: { min: number, max: number, byDefault: number }): z.ZodType<number, unknown> {
  const error = `must be a whole number from ${min} to ${max}, in decimal digits`
  return z.preprocess(
    text => typeof text === 'string' && /^(?:0|[1-9]\d{0,8})$/.test(text) ? Number(text) : text,
    z.int(error).min(min, error).max(max, error).default(byDefault),
  )
}
