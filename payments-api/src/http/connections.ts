import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** After a response with `Connection: close`, a caller has this long to read the response and to close its side. */
const LINGER_MS = 2_000
/** Bytes that such a caller may still send. They are discarded, so that a client that writes before it reads gets the response. */
const LINGER_BYTES = 1024 * 1024

export interface Connection {
  /** The newest response on this connection. Responses are sent in the order of the requests, so it finishes last. */
  last?: ServerResponse
  /** The response before the newest one, if it was unfinished when the newest request arrived (pipelining). */
  previous?: ServerResponse | undefined
  /** Input that is not HTTP was received, so nothing more is read. Its problem waits for earlier responses, or was sent. */
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

/** Tracks the state of each open connection of a server. */
export function trackConnections(server: Server): Connections {
  const connections: Connections = new Map()
  // A client such as `nc` may close its side after its request and still gets the response.
  Object.assign(server, { httpAllowHalfOpen: true })
  server.on('connection', (socket: Socket) => {
    const connection: Connection = {}
    connections.set(socket, connection)
    socket.once('close', () => connections.delete(socket))
    socket.once('end', () => {
      if (connection.last && isEndless(connection.last))
        socket.destroy()
    })
    // Node calls this after a response with `Connection: close`. Node's own method resets the connection if the client has sent
    // unread bytes, and the reset may overtake the response.
    socket.destroySoon = () => closeConnection(socket, connection)
  })
  return connections
}

/** Records the response to a request. Returns false if the connection is closing: then do not serve the request (RFC 9112, 9.6). */
export function beginResponse(connection: Connection, req: IncomingMessage, res: ServerResponse): boolean {
  const { last } = connection
  if (connection.closing)
    return false
  if (last && !last.closed) {
    if (last.getHeader('Connection') === 'close')
      return false
    connection.previous = last
  }
  else {
    connection.previous = undefined
  }
  connection.last = res
  // Otherwise Node would read the rest of an unwanted body, however long it is, to reuse the connection.
  if (req.headers['transfer-encoding'] !== undefined)
    res.once('finish', () => req.complete || closeConnection(req.socket, connection))
  return true
}

/**
 * Closes our side and waits for the client to close its side. An immediate close(2) would reset the connection if the client had
 * sent unread bytes, and a reset discards the response that the client has not read yet.
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
