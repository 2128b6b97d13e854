import type { HeaderInput } from './check-input.ts'
import { z } from 'zod'

const MAX_KEY_CHARACTERS = 255
const PLAIN = /^[\x21\x23-\x7E][\x21-\x7E]{0,254}$/
/**
 * A string of RFC 9651, 3.3.3, without spaces, and after it parameters, which the draft gives no meaning. As in
 * plain keys, the first character is no quote: earlier versions stored `"k"` for the header `"k"`, now the key `k`.
 */
const QUOTED = /^"((?:[\x21\x23-\x5B\x5D-\x7E]|\\\\)(?:[\x21\x23-\x5B\x5D-\x7E]|\\["\\]){0,254})"(?: *; *[a-z*][\w.*-]*(?:=(?:"(?:[\x20\x21\x23-\x5B\x5D-\x7E]|\\["\\])*"|[\w.:*/+=?@-]+))?)*$/

export interface ParsedKey {
  key: string
  /** The header as sent, if the key was quoted: earlier versions stored payments under the key with its quotes. */
  quoted?: string
}

/**
 * The header Idempotency-Key: `"k"`, as in the draft, and `k` are one key.
 * Source: draft-ietf-httpapi-idempotency-key-header-07, a structured field (RFC 9651) that is a string.
 */
export const IdempotencyKey = {
  schema: z.string('Send an Idempotency-Key header with a unique value for this payment or refund, such as a UUID.')
    .meta({ pattern: `${PLAIN.source}|${QUOTED.source}` })
    .transform((header, context) => parseKey(header) ?? refuse(context))
    .meta({ description: '1 to 255 visible ASCII characters, unique for each payment. `"k"`, a string as in RFC 9651 and the IETF draft, and `k` are the same key.' }),
  missing: 'idempotency-key-missing',
  malformed: 'idempotency-key-malformed',
} satisfies HeaderInput

/** The details of the problems that a valid key may lead to. */
export const KEY_REUSED = 'This key was used for a payment or refund with other values. Use a new key for a new one.'
export const KEY_IN_USE = 'Another request with this key has not finished. Try again: a key makes at most one payment or refund.'

/** A query parameter: the key as a payment shows it. It may start with a quote if an earlier version stored it. */
export const KeyParameter = z.string()
  .regex(/^[\x21-\x7E]{1,255}$/, 'must be 1 to 255 visible ASCII characters without spaces')
  .meta({ description: 'Exactly this idempotency key', examples: ['8e03978e-40d5-43e8-bc93-6894a57f9324'] })

function parseKey(header: string): ParsedKey | undefined {
  if (PLAIN.test(header))
    return { key: header }
  const key = QUOTED.exec(header)?.[1]?.replaceAll(/\\(["\\])/g, '$1')
  return key !== undefined && key.length <= MAX_KEY_CHARACTERS ? { key, quoted: header } : undefined
}

function refuse(context: z.RefinementCtx): never {
  context.addIssue('An Idempotency-Key has 1 to 255 visible ASCII characters without spaces, and does not start with ". In double quotes, " and \\ are written \\" and \\\\. Send one header.')
  return z.NEVER
}
