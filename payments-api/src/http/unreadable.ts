import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import type { ProblemType } from './problem.ts'
import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import { problemJson, PROBLEMS } from './problem.ts'

/**
 * For the server's event `clientError`: answers what Node's parser gave up on, which never becomes a request that Express
 * sees, with a problem like any other, and closes the connection.
 */
export function answerUnreadable(log: Logger): (error: NodeJS.ErrnoException, socket: Socket) => void {
  return (error, socket) => {
    if (!socket.writable || error.code === 'ECONNRESET')
      return void socket.destroy()
    const id = randomUUID()
    const [type, detail] = problemOf(error)
    log.info({ req: { id }, code: error.code }, 'unreadable request')
    const { status } = PROBLEMS[type]
    const body = problemJson(type, detail, id)
    socket.end([
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Content-Type: application/problem+json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${id}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'))
  }
}

function problemOf({ code }: NodeJS.ErrnoException): [ProblemType, string] {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT': return ['request-timeout', 'The request was not whole in time. Send it again.']
    case 'HPE_HEADER_OVERFLOW': return ['headers-too-large', 'Headers may have 16 kB together.']
    default: return ['malformed-request', 'This is not a request in HTTP/1.1.']
  }
}
