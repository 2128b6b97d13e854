import type { Server } from 'node:http'
import type { Socket } from 'node:net'

const CLOSE_IDLE_EVERY_MS = 20

/**
 * Prepares a server to be stopped. The function that it answers takes no new connections, lets the requests under way
 * finish, and resolves when the last connection is closed.
 */
export function drainable(server: Server): () => Promise<void> {
  // Node does not count a connection as idle that no request has come on yet.
  const unused = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  server.on('request', req => unused.delete(req.socket))

  return async () => {
    const closed = new Promise(resolve => server.close(resolve))
    // A connection becomes idle when its last answer is out, and would stay open for the next request.
    const closeIdle = setInterval(() => {
      server.closeIdleConnections()
      unused.forEach(socket => socket.destroy())
    }, CLOSE_IDLE_EVERY_MS)
    await closed
    clearInterval(closeIdle)
  }
}
