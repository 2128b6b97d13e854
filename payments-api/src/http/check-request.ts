import type { NextFunction, Request, Response } from 'express'
import { sendProblem } from './problem.ts'
import { MAX_BODY_BYTES } from './read-body.ts'

/** A Host as in RFC 9112, 3.2: a name, an IPv4 address or an IPv6 address in brackets, and a port. */
const HOST = /^(?:\[[\da-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::\d*)?$/i

/** Middleware for every request: checks the rules of HTTP and the size of the body. Each refusal closes the connection. */
export function checkRequest(req: Request, res: Response, next: NextFunction): void {
  const { headers, httpVersionMajor, httpVersionMinor } = req
  if (httpVersionMajor !== 1)
    return refuse(res, 'malformed-request', `HTTP/${req.httpVersion} is not supported. Send HTTP/1.1.`)
  if (httpVersionMinor >= 1 && headers.host === undefined)
    return refuse(res, 'malformed-request', 'An HTTP/1.1 request needs a Host header.')
  if (headers.host !== undefined && (!HOST.test(headers.host) || hasTwoHosts(req.rawHeaders)))
    return refuse(res, 'malformed-request', 'A request must have one Host header, with a host and optionally a port.')
  if (headers.expect !== undefined && httpVersionMinor >= 1 && !/^100-continue$/i.test(headers.expect))
    return refuse(res, 'expectation-failed', 'The only supported expectation is "Expect: 100-continue".')
  // Refuse it at once, before any of it is read.
  if (Number(headers['content-length']) > MAX_BODY_BYTES)
    return refuse(res, 'payload-too-large', `A body may have at most ${MAX_BODY_BYTES} bytes.`)
  next()
}

function refuse(res: Response, ...[type, detail]: [Parameters<typeof sendProblem>[1], string]): void {
  res.setHeader('Connection', 'close')
  sendProblem(res, type, detail)
}

/** Reads the raw headers, because `headers` keeps only the first of two. */
function hasTwoHosts(rawHeaders: string[]): boolean {
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.length === 4 && rawHeaders[i]!.toLowerCase() === 'host')
      hosts++
  }
  return hosts > 1
}
