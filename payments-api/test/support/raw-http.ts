import type { Socket } from 'node:net'
import { once } from 'node:events'
import { connect } from 'node:net'

export interface RawResponse {
  status: number
  /** Headers by name in lower case. */
  headers: Record<string, string>
  body: string
}

export interface RawConnection {
  socket: Socket
  /** Everything received so far. */
  text: () => string
  /** Resolves when both sides are closed, with the error (such as ECONNRESET) if the connection broke. */
  closed: Promise<string | undefined>
}

/** Opens a connection and sends the given bytes unchanged. The caller destroys the connection. */
export async function open(url: string, sent: string): Promise<RawConnection> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').setEncoding('latin1')
  let text = ''
  let error: string | undefined
  socket.on('data', chunk => text += String(chunk))
  socket.on('error', (failure: NodeJS.ErrnoException) => error = failure.code)
  const closed = once(socket, 'close').then(() => error, () => error)
  await once(socket, 'connect', { signal: AbortSignal.timeout(20_000) })
  socket.write(sent)
  return { socket, text: () => text, closed }
}

/** Sends the given bytes in one write and reads until the server closes the connection. */
export async function exchange(url: string, sent: string): Promise<RawResponse[]> {
  const { socket, text, closed } = await open(url, sent)
  const timer = setTimeout(() => socket.destroy(new Error('the server keeps the connection open')), 20_000)
  const error = await closed
  clearTimeout(timer)
  if (socket.errored)
    throw new Error(`${error ?? socket.errored.message} after ${text()}`)
  return responses(text())
}

/** The whole responses in a text, each of which must have a Content-Length; throws for anything else. */
export function responses(text: string): RawResponse[] {
  const all: RawResponse[] = []
  for (let rest = text; rest;) {
    const [head, after] = [rest.slice(0, rest.indexOf('\r\n\r\n')), rest.slice(rest.indexOf('\r\n\r\n') + 4)]
    const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(head) ?? []
    const headers = Object.fromEntries(head.split('\r\n').slice(1).map(line => [line.split(':')[0]!.toLowerCase(), line.replace(/^[^:]*: */, '')]))
    const length = status === '100' ? 0 : Number(headers['content-length'])
    if (status === undefined || !(after.length >= length))
      throw new Error(`not a whole response: ${rest}`)
    all.push({ status: Number(status), headers, body: after.slice(0, length) })
    rest = after.slice(length)
  }
  return all
}
