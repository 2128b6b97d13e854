import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import type { Drain } from './drain.ts'
import { createServer } from 'node:http'
import { beginResponse, trackConnections } from './connections.ts'
import { createDrain } from './drain.ts'
import { refuseConnect, refuseUnreadable } from './unreadable.ts'

const OPTIONS = {
  /** A connection that sends nothing is held this long. */
  keepAliveTimeout: 65_000,
  /** Headers and a whole request may take this long. */
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  /** Node looks for both this often, not every 30 s. */
  connectionsCheckingInterval: 2_000,
  /** Node would send a bare 400; check-request.ts sends a problem. */
  requireHostHeader: false,
}

/** An HTTP server for the app that is not listening yet, and how to stop it. */
export function apiServer(app: RequestListener, log: Logger): { server: Server, drain: Drain } {
  const server = createServer(OPTIONS)
  server.maxHeadersCount = 0 // Node would silently drop those after 2,000; their size is limited
  const connections = trackConnections(server)
  const drain = createDrain(server, connections)

  function serve(req: IncomingMessage, res: ServerResponse): void {
    const connection = connections.get(req.socket)
    if (!connection)
      return
    drain.announce(req, res)
    if (beginResponse(connection, req, res))
      app(req, res)
  }
  // With a listener for the last two, Node leaves the answer to `Expect` to us.
  server.on('request', serve).on('checkContinue', serve).on('checkExpectation', serve)
  server.on('clientError', refuseUnreadable(connections, log))
  server.on('connect', refuseConnect(connections, log))
  return { server, drain }
}
