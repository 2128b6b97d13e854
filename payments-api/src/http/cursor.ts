import type { z } from 'zod'

/** A cursor in a response: the key of the page's last row. Callers treat it as opaque. */
export const CURSOR_PATTERN = '^[A-Za-z0-9._-]{1,64}$'

/** A query parameter that is a cursor over keys of the given form. */
export function cursorOver(key: z.ZodString | z.ZodUUID): z.ZodOptional<z.ZodType<string, string>> {
  return key.meta({ description: 'The nextCursor of the previous page' }).optional()
}
