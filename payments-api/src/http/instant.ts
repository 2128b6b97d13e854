import { z } from 'zod'
import { parseInstant } from '../domain/instant.ts'

/** A query parameter that names a point in time. It is compared exactly, with any number of decimals. */
export const InstantParameter = z.string('must be a single date and time').transform((text, context) => {
  const instant = parseInstant(text)
  if (instant)
    return instant
  context.addIssue(/ \d\d:\d\d$/.test(text)
    ? 'must write the + of its offset as %2B'
    : 'must be a date and time such as 2026-01-31T12:00:00.818512Z')
  return z.NEVER
}).meta({ format: 'date-time' })
