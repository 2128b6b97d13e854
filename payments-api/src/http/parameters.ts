import type { Response } from 'express'
import type { z } from 'zod'
import { sendProblem } from './problem.ts'

/** Checks path or query parameters. Answers 400 itself, naming each wrong one, and returns undefined then. */
export function parseParameters<Schema extends z.ZodType>(schema: Schema, input: unknown, res: Response): z.output<Schema> | undefined {
  const parsed = schema.safeParse(input)
  if (parsed.success)
    return parsed.data
  const errors = parsed.error.issues.flatMap(issue => issue.code === 'unrecognized_keys'
    ? issue.keys.map(key => ({ parameter: key, detail: 'is not a parameter here' }))
    : [
        {
          parameter: String(issue.path[0]),
          detail: issue.message,
        },
      ])
  sendProblem(res, 'invalid-parameter', errors.map(({ parameter, detail }) => `${parameter} ${detail}`).join('; '), errors)
}
