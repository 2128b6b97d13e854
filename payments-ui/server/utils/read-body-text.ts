import type { IncomingMessage } from 'node:http'
import { Buffer } from 'node:buffer'

/** Reads a request's body as text. Stops and returns undefined once the body exceeds `maxBytes`. */
export async function readBodyText(req: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  if (Number(req.headers['content-length'] ?? 0) > maxBytes)
    return undefined
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBytes)
      return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
