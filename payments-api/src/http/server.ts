import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import type { Drain } from './drain.ts'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { ConfigError } from '../config.ts'
import { beginResponse, trackConnections } from './connections.ts'
import { createDrain } from './drain.ts'
import { refuseConnect, refuseUnreadable } from './unreadable.ts'

const OPTIONS = {
  /** How long an idle connection stays open. */
  keepAliveTimeout: 65_000,
  /** How long the headers and a whole request may take. */
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  /** How often Node checks these two; its default is 30 s. */
  connectionsCheckingInterval: 2_000,
  /** Off: Node would respond with a bare 400, where check-request.ts sends a problem. */
  requireHostHeader: false,
}

/**
 * Connections that the kernel may hold until this process accepts them, capped by net.core.somaxconn. With Node's default of 511
 * a burst lost SYNs, which clients retransmit after 1, 3, 7 and 15 s: at twice the capacity, p95 of accepts was 16 s instead of
 * 5 s, and 2 % of the requests got no response.
 */
const MAX_UNACCEPTED = 4_096

/** Creates an HTTP server for the app, not listening yet, and its drain, which closes idle connections after `drainQuietMs`. */
export function apiServer(app: RequestListener, drainQuietMs: number, log: Logger): { server: Server, drain: Drain } {
  const server = createServer(OPTIONS)
  server.maxHeadersCount = 0 // by default Node silently drops headers after 2,000; their total size is limited anyway
  const connections = trackConnections(server)
  const drain = createDrain(server, connections, drainQuietMs)

  function serve(req: IncomingMessage, res: ServerResponse): void {
    const connection = connections.get(req.socket)
    if (!connection)
      return
    drain.announceClose(req, res)
    if (beginResponse(connection, req, res))
      app(req, res)
  }
  // Without listeners for the last two, Node itself would respond to `Expect`.
  server.on('request', serve).on('checkContinue', serve).on('checkExpectation', serve)
  server.on('clientError', refuseUnreadable(connections, log))
  server.on('connect', refuseConnect(connections, log))
  return { server, drain }
}

/**
 * Starts listening and returns the address.
 * @throws {ConfigError} if the port is taken or cannot be listened on
 */
export async function listenOn(server: Server, { host, port }: { host: string, port: number }): Promise<AddressInfo> {
  server.listen({ host, port, backlog: MAX_UNACCEPTED })
  try {
    await once(server, 'listening')
  }
  catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new ConfigError(code === 'EADDRINUSE'
      ? `port ${port} on ${host} is taken; set PORT to another one`
      : `cannot listen on ${host}:${port}: ${message}`)
  }
  return server.address() as AddressInfo
}
