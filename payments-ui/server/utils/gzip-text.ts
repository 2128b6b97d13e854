import type { Buffer } from 'node:buffer'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

/** A shorter text fits into the same packet as its headers. */
const MIN_CHARACTERS = 1_000

const compress = promisify(gzip)

/** Compresses a text; null if it is short or the client does not accept gzip. A list of payments shrinks to a tenth. */
export async function gzipText(text: unknown, acceptEncoding = ''): Promise<Buffer | null> {
  return typeof text === 'string' && text.length >= MIN_CHARACTERS && /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(acceptEncoding)
    ? await compress(text)
    : null
}
