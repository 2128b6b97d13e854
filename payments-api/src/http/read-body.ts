import type { NextFunction, Request, Response } from 'express'
import { Buffer } from 'node:buffer'
import { sendProblem } from './problem.ts'

/** Most bytes of a body. A body that declares more is refused before it is read: see check-request.ts. */
export const MAX_BODY_BYTES = 64 * 1024

/**
 * Middleware: reads the bytes of a body into req.body. Refuses an encoded body. Refuses a body that turns out to be too long and
 * closes the connection, because the rest is not read.
 */
export function readBody(req: Request, res: Response, next: NextFunction): void {
  const encoding = req.headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    return sendProblem(res, 'unsupported-media-type', 'Send the body as it is, without Content-Encoding.')
  if (req.headers.expect !== undefined && req.httpVersionMinor >= 1)
    res.writeContinue()
  const chunks: Buffer[] = []
  let bytes = 0
  function take(chunk: Buffer): void {
    bytes += chunk.length
    if (bytes <= MAX_BODY_BYTES)
      return void chunks.push(chunk)
    req.off('data', take).off('end', end)
    res.setHeader('Connection', 'close')
    sendProblem(res, 'payload-too-large', `A body may have at most ${MAX_BODY_BYTES} bytes.`)
  }
  function end(): void {
    req.body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
    next()
  }
  // unreadable.ts responds to a request that breaks off, if its client can still read a response.
  req.on('data', take).on('end', end)
}
