import type { Request, Response } from 'express'
import { z } from 'zod'
import { sendProblem } from './problem.ts'

const MAX_KEY_CHARACTERS = 255
const PLAIN = /^[\x21\x23-\x7E][\x21-\x7E]{0,254}$/
/**
 * A string of RFC 9651, 3.3.3, without spaces, and after it parameters, which the draft gives no meaning. As in
 * plain keys, the first character is no quote: earlier versions stored `"k"` for the header `"k"`, now the key `k`.
 */
const QUOTED = /^"((?:[\x21\x23-\x5B\x5D-\x7E]|\\\\)(?:[\x21\x23-\x5B\x5D-\x7E]|\\["\\]){0,254})"(?: *; *[a-z*][\w.*-]*(?:=(?:"(?:[\x20\x21\x23-\x5B\x5D-\x7E]|\\["\\])*"|[\w.:*/+=?@-]+))?)*$/

/** The header, for the OpenAPI document. */
export const IdempotencyKey = z.string().regex(new RegExp(`${PLAIN.source}|${QUOTED.source}`))

export interface ParsedKey {
  key: string
  /** The header as sent, if the key was quoted: earlier versions stored payments under the key with its quotes. */
  quoted?: string
}

/**
 * Reads the Idempotency-Key: `"k"`, as in the draft, and `k` are one key. Sends the 400 for a missing or malformed key.
 * Source: draft-ietf-httpapi-idempotency-key-header-07, a structured field (RFC 9651) that is a string.
 */
export function readIdempotencyKey(req: Request, res: Response): ParsedKey | undefined {
  const header = req.get('idempotency-key')
  if (header === undefined)
    return void sendProblem(res, 'idempotency-key-missing', 'Send an Idempotency-Key header with a value of your own for this payment, such as a UUID.')
  if (PLAIN.test(header))
    return { key: header }
  const key = QUOTED.exec(header)?.[1]?.replaceAll(/\\(["\\])/g, '$1')
  if (key !== undefined && key.length <= MAX_KEY_CHARACTERS)
    return { key, quoted: header }
  sendProblem(res, 'idempotency-key-malformed', 'An Idempotency-Key is 1 to 255 visible ASCII characters without spaces, the first of them not ". In double quotes, " and \\ are written \\" and \\\\. Send one header.')
}
