import type { IncomingMessage, Server } from 'node:http'
import type { Readiness } from './readiness.ts'
import { createServer } from 'node:http'

const RETRY_AFTER_S = 1

/** A response: a problem (RFC 9457) if the status says so. */
interface Reply { status: number, body: object, headers?: Record<string, string> }

/**
 * Creates the server of the health checks; the caller makes it listen. GET /health responds 200 while the process lives.
 * GET /ready responds 200 if the worker can settle payments, otherwise 503 with the reason.
 */
export function healthServer(readiness: () => Promise<Readiness>): Server {
  return createServer({ headersTimeout: 5_000, requestTimeout: 5_000, requireHostHeader: false }, (req, res) => {
    void replyTo(req, readiness).then(({ status, body, headers }) => {
      res.writeHead(status, {
        'Content-Type': status < 400 ? 'application/json' : 'application/problem+json',
        'Cache-Control': 'no-store',
        ...headers,
      })
      res.end(JSON.stringify(body))
    })
  })
}

async function replyTo({ method, url = '', httpVersion, headers }: IncomingMessage, readiness: () => Promise<Readiness>): Promise<Reply> {
  // Node's own check would respond without a problem.
  if (headers.host === undefined && httpVersion === '1.1')
    return problem(400, 'malformed-request', 'Malformed request', 'An HTTP/1.1 request needs a Host header.')
  const [path, query] = url.split('?', 2)
  if (path !== '/health' && path !== '/ready')
    return problem(404, 'not-found', 'Not found', 'The worker serves GET /health and GET /ready.')
  if (method !== 'GET' && method !== 'HEAD')
    return { ...problem(405, 'method-not-allowed', 'Method not allowed', 'Allowed: GET, HEAD.'), headers: { Allow: 'GET, HEAD' } }
  if (query !== undefined)
    return problem(400, 'invalid-parameter', 'Invalid parameter', `${path} takes no parameters.`)
  if (path === '/health')
    return { status: 200, body: { status: 'ok' } }
  const { problem: notReady, ...state } = await readiness()
  return notReady
    ? { status: 503, body: { ...notReady, status: 503 }, headers: { 'Retry-After': String(RETRY_AFTER_S) } }
    : { status: 200, body: state }
}

function problem(status: number, type: string, title: string, detail: string): Reply {
  return { status, body: { type: `/problems/${type}`, title, status, detail } }
}
