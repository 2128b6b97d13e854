import { z } from 'zod'

/** A cursor is opaque to callers: what the last row of a page is found by, in base64url. */
export function encodeCursor(key: string): string {
  return Buffer.from(key).toString('base64url')
}

/** A query parameter that must be a cursor over keys of the given form; parsed to the key. */
export function cursorOver(key: z.ZodString | z.ZodUUID): z.ZodOptional<z.ZodType<string, string>> {
  return z.string().transform((cursor, context) => {
    const decoded = Buffer.from(cursor, 'base64url').toString()
    if (/^[\w-]+$/.test(cursor) && key.safeParse(decoded).success)
      return decoded
    context.addIssue('is not a cursor that this list gave out')
    return z.NEVER
  }).meta({ description: 'nextCursor of the page before' }).optional()
}
