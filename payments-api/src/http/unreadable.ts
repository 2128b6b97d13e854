import type { Response } from 'express'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import type { Connection, Connections } from './connections.ts'
import type { ProblemType } from './problem.ts'
import { randomUUID } from 'node:crypto'
import { maxHeaderSize, STATUS_CODES } from 'node:http'
import { closeConnection, isEndless } from './connections.ts'
import { problemJson, PROBLEMS, sendProblem } from './problem.ts'

interface Refusal { type: ProblemType, detail: string, headers?: string[] }

/**
 * Handles the server's `clientError` event: input that Node's parser rejects never reaches Express. The caller gets a problem
 * after the responses to its earlier requests, then the connection is closed.
 */
export function refuseUnreadable(connections: Connections, log: Logger): (error: NodeJS.ErrnoException, socket: Socket) => void {
  return (error, socket) => {
    const connection = connections.get(socket)
    if (!connection || !socket.writable || error.code === 'ECONNRESET')
      return void socket.destroy()
    if (connection.unreadable || connection.closing)
      return
    connection.unreadable = true
    const { last } = connection
    const refusal = refusalOf(error)
    if (!last || last.req.complete)
      return refuseInOrder(socket, connection, refusal, log, error.code)
    // The error is in the body of a request that is being served.
    const res = last as Response
    log.info({ req: { id: res.req.id }, code: error.code }, 'unreadable request')
    if (res.headersSent)
      return afterLast(connection, () => closeConnection(socket, connection))
    res.setHeader('Connection', 'close')
    sendProblem(res, refusal.type, refusal.detail)
  }
}

/** Handles the server's `connect` event: this API is not a proxy. */
export function refuseConnect(connections: Connections, log: Logger): (req: IncomingMessage, socket: Socket) => void {
  return (_req, socket) => {
    socket.on('error', () => socket.destroy()) // Node has removed its own listener
    const connection = connections.get(socket)
    if (!connection)
      return void socket.destroy()
    refuseInOrder(socket, connection, {
      type: 'method-not-allowed',
      detail: 'CONNECT is for proxies; this is an API.',
      headers: ['Allow: GET, HEAD, POST'],
    }, log)
  }
}

/** Sends the problem after the responses to earlier requests. */
function refuseInOrder(socket: Socket, connection: Connection, refusal: Refusal, log: Logger, code?: string): void {
  socket.pause()
  afterLast(connection, () => {
    if (!socket.writable || connection.closing)
      return
    const id = randomUUID()
    log.info({ req: { id }, code }, 'unreadable request')
    socket.write(problemText(id, refusal))
    closeConnection(socket, connection)
  }, () => socket.destroy())
}

/** Calls `then` once the last response is sent. An event stream never ends: `cut` is called once only the stream is left. */
function afterLast({ last, previous }: Connection, then: () => void, cut = then): void {
  const [awaited, next] = last && isEndless(last) ? [previous, cut] : [last, then]
  if (!awaited || awaited.closed)
    next()
  else
    awaited.once('close', next)
}

/** A complete HTTP response, for a request that has no ServerResponse. */
function problemText(id: string, { type, detail, headers = [] }: Refusal): string {
  const { status } = PROBLEMS[type]
  const body = problemJson(type, detail, id)
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `Date: ${new Date().toUTCString()}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    `X-Request-Id: ${id}`,
    ...headers,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}

function refusalOf(error: NodeJS.ErrnoException & { rawPacket?: Buffer }): Refusal {
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT': return { type: 'request-timeout', detail: 'The request did not arrive in time. Send it again.' }
    case 'HPE_HEADER_OVERFLOW': return isRequestLine(error.rawPacket)
      ? { type: 'uri-too-long', detail: 'The request line and the headers may have at most 16 kB together; the request line alone has more.' }
      : { type: 'headers-too-large', detail: 'The request line and the headers may have at most 16 kB together.' }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW': return { type: 'payload-too-large', detail: 'The extensions of a chunk may have 16 kB.' }
    case 'HPE_INVALID_METHOD': return { type: 'malformed-request', detail: 'The method is not an HTTP method.' }
    case 'HPE_CLOSED_CONNECTION': return { type: 'malformed-request', detail: 'The request before this one had "Connection: close".' }
    default: return { type: 'malformed-request', detail: 'This is not a request in HTTP/1.1.' }
  }
}

/** Whether the packet that overflowed begins with a request line that alone exceeds the limit. */
function isRequestLine(packet: Buffer | undefined): boolean {
  return packet !== undefined && !packet.subarray(0, maxHeaderSize).includes('\n') && /^[A-Z]+ /.test(packet.toString('latin1', 0, 32))
}
