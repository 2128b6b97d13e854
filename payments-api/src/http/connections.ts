import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** A caller that was told `Connection: close` has this long to read the response and to close its side. */
const LINGER_MS = 2_000
/** Bytes that such a caller may still send; they are discarded, so that a client that writes first still reads the response. */
const LINGER_BYTES = 1024 * 1024

export interface Connection {
  /** The newest response of this connection. Responses leave in the order of the requests, so it is the last to finish. */
  last?: ServerResponse
  /** The response before the newest one, if it was unfinished when the newest request came (pipelining). */
  before?: ServerResponse | undefined
  /** Nothing more is read. The response to the unreadable input waits for earlier responses, or was sent. */
  unreadable?: boolean
  /** Our side is closed, or closes once all written bytes are sent. */
  closing?: boolean
}

export type Connections = Map<Socket, Connection>

const endless = new WeakSet<ServerResponse>()

/** Marks a response that ends only with its connection: an event stream. */
export function markEndless(res: ServerResponse): void {
  endless.add(res)
}

export function isEndless(res: ServerResponse): boolean {
  return endless.has(res)
}

/** Keeps the state of each open connection of a server. */
export function trackConnections(server: Server): Connections {
  const connections: Connections = new Map()
  // A client may close its side once it has sent its request, as `nc` does, and still gets the response.
  Object.assign(server, { httpAllowHalfOpen: true })
  server.on('connection', (socket: Socket) => {
    const connection: Connection = {}
    connections.set(socket, connection)
    socket.once('close', () => connections.delete(socket))
    socket.once('end', () => {
      if (connection.last && isEndless(connection.last))
        socket.destroy()
    })
    // Node calls this after a response with `Connection: close`. Node's own method resets the connection when the client has
    // sent more than was read, and the reset may overtake the response.
    socket.destroySoon = () => closeConnection(socket, connection)
  })
  return connections
}

/** Records the response to a request. Returns false if the connection is closing: do not serve the request (RFC 9112, 9.6). */
export function beginResponse(connection: Connection, req: IncomingMessage, res: ServerResponse): boolean {
  const { last } = connection
  if (connection.closing)
    return false
  if (last && !last.closed) {
    if (last.getHeader('Connection') === 'close')
      return false
    connection.before = last
  }
  else {
    connection.before = undefined
  }
  connection.last = res
  // Otherwise Node would read the rest of an unwanted body, however long, to reuse the connection.
  if (req.headers['transfer-encoding'] !== undefined)
    res.once('finish', () => req.complete || closeConnection(req.socket, connection))
  return true
}

/**
 * Closes our side and waits for the client to close its own. close(2) at once would reset the connection if the client had
 * sent anything unread, and a reset discards the response that the client has not read yet.
 */
export function closeConnection(socket: Socket, connection: Connection): void {
  if (connection.closing)
    return
  connection.closing = true
  let discarded = 0
  socket.removeAllListeners('data') // no request is parsed any more
  socket.on('data', (chunk: Buffer) => {
    discarded += chunk.length
    if (discarded > LINGER_BYTES)
      socket.pause()
  })
  socket.resume()
  socket.end()
  const deadline = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(deadline))
}
