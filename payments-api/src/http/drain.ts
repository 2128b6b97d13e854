import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Connections } from './connections.ts'
import { Server as NetServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { closeConnection } from './connections.ts'

/**
 * An idle connection is closed after this long without a request on any connection. A caller that is about to send its next
 * request sends it before that, and its response says to close. A close that crosses a request would lose the request.
 */
const QUIET_MS = 500
const LOOK_EVERY_MS = 50
/**
 * Closing the listening socket resets connections that the kernel has accepted and this process has not. So it closes after
 * no new connection has come for this long, at most MAX_ACCEPTS times as late.
 */
const ACCEPT_MS = 50
const MAX_ACCEPTS = 10

export interface Drain {
  /** Call this for each request before it is served. */
  announce: (req: IncomingMessage, res: ServerResponse) => void
  /** Takes what the kernel has accepted, then no new connections; finishes the requests under way, and resolves when the last connection is closed. */
  start: () => Promise<void>
  /** Resets connections with an unfinished response, so that no client mistakes a part of a response for the whole. */
  breakOff: () => void
}

/**
 * Stops a server without losing a request: serving → draining → closed. While draining, each response says
 * `Connection: close`, so that the caller opens its next connection elsewhere.
 */
export function createDrain(server: Server, connections: Connections): Drain {
  let draining = false
  let lastRequestAtMs = 0
  const told = new WeakSet<ServerResponse>()
  const idleSinceMs = new WeakMap<object, number>()

  function tell(res: ServerResponse): void {
    if (res.headersSent || res.hasHeader('Connection'))
      return
    res.setHeader('Connection', 'close')
    told.add(res)
  }

  function closeIdle(): void {
    const now = performance.now()
    for (const [socket, connection] of connections) {
      if (connection.last && !connection.last.closed) {
        idleSinceMs.delete(connection)
        continue
      }
      const sinceMs = idleSinceMs.get(connection) ?? now
      idleSinceMs.set(connection, sinceMs)
      if (now - Math.max(sinceMs, lastRequestAtMs) >= QUIET_MS)
        closeConnection(socket, connection)
    }
  }

  /** Resolves once the kernel holds no more connections. */
  async function acceptAll(): Promise<void> {
    let accepted = true
    const onConnection = (): void => void (accepted = true)
    server.on('connection', onConnection)
    for (let i = 0; accepted && i < MAX_ACCEPTS; i++) {
      accepted = false
      await setTimeout(ACCEPT_MS)
    }
    server.off('connection', onConnection)
  }

  return {
    announce: (req, res) => {
      if (!draining)
        return
      lastRequestAtMs = performance.now()
      // Only the last response of a pipeline closes the connection.
      const last = connections.get(req.socket)?.last
      if (last && told.has(last) && !last.headersSent)
        last.removeHeader('Connection')
      tell(res)
    },
    start: async () => {
      draining = true
      lastRequestAtMs = performance.now()
      for (const { last } of connections.values()) {
        if (last)
          tell(last)
      }
      const timer = setInterval(closeIdle, LOOK_EVERY_MS)
      await acceptAll()
      // Not http.Server's close, which destroys idle connections at once.
      await new Promise(resolve => NetServer.prototype.close.call(server, resolve))
      clearInterval(timer)
    },
    breakOff: () => {
      for (const [socket, { last }] of connections) {
        if (last && !last.closed)
          socket.resetAndDestroy()
        else
          socket.destroy()
      }
    },
  }
}
