import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Connections } from './connections.ts'
import { Server as NetServer } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { closeConnection } from './connections.ts'

const CHECK_EVERY_MS = 50
/**
 * Closing the listening socket resets connections that the kernel has accepted but this process has not. So the socket closes once
 * the kernel holds none, or after this time: half of what the process has to stop, because a process on a busy machine takes
 * seconds to accept hundreds.
 */
const ACCEPT_DEADLINE_MS = 5_000

export interface Drain {
  /** Call this for each request before it is served: while draining, it sets `Connection: close`. */
  announceClose: (req: IncomingMessage, res: ServerResponse) => void
  /** Accepts only the connections that the kernel holds, and finishes the running requests. Resolves once all connections are closed. */
  start: () => Promise<void>
  /** Resets connections with an unfinished response, so that no client mistakes a partial response for a complete one. */
  breakOff: () => void
}

/**
 * Stops a server without losing a request: serving → draining → closed. While draining, each response says
 * `Connection: close`, so that the caller opens its next connection elsewhere.
 *
 * An idle connection is closed after `quietMs` without a request on any connection. Active callers send their next request
 * before that and get `Connection: close`. A close that crosses a request would lose the request.
 */
export function createDrain(server: Server, connections: Connections, quietMs: number): Drain {
  let draining = false
  let lastRequestAtMs = 0
  const announced = new WeakSet<ServerResponse>()
  const idleSinceMs = new WeakMap<object, number>()

  function setConnectionClose(res: ServerResponse): void {
    if (res.headersSent || res.hasHeader('Connection'))
      return
    res.setHeader('Connection', 'close')
    announced.add(res)
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
      if (now - Math.max(sinceMs, lastRequestAtMs) >= quietMs)
        closeConnection(socket, connection)
    }
  }

  /** Resolves once the kernel holds no more connections. */
  async function acceptAll(): Promise<void> {
    const deadlineMs = performance.now() + ACCEPT_DEADLINE_MS
    let roundsWithout = 0
    const onConnection = (): void => void (roundsWithout = -1)
    server.on('connection', onConnection)
    // Each round of the event loop accepts a connection if the kernel holds one. The first round had begun before.
    while (roundsWithout < 2 && performance.now() < deadlineMs) {
      await setImmediate()
      roundsWithout++
    }
    server.off('connection', onConnection)
  }

  return {
    announceClose: (req, res) => {
      if (!draining)
        return
      lastRequestAtMs = performance.now()
      // Only the last response of a pipeline closes the connection.
      const last = connections.get(req.socket)?.last
      if (last && announced.has(last) && !last.headersSent)
        last.removeHeader('Connection')
      setConnectionClose(res)
    },
    start: async () => {
      draining = true
      lastRequestAtMs = performance.now()
      for (const { last } of connections.values()) {
        if (last)
          setConnectionClose(last)
      }
      const timer = setInterval(closeIdle, CHECK_EVERY_MS)
      await acceptAll()
      // http.Server's close would destroy idle connections at once.
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
