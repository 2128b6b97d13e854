import type { Buffer } from 'node:buffer'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

/** A shorter text fits in the packet that its headers take anyway. */
const MIN_CHARACTERS = 1_000

const compress = promisify(gzip)

/** The text compressed, or null where that is not wanted or not worth it. A list of payments becomes a tenth. */
export async function gzipText(text: unknown, acceptEncoding = ''): Promise<Buffer | null> {
  return typeof text === 'string' && text.length >= MIN_CHARACTERS && /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(acceptEncoding)
    ? await compress(text)
    : null
}
