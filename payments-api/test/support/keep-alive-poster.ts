import type { RawConnection } from './raw-http.ts'
import { randomUUID } from 'node:crypto'
import { open, responses } from './raw-http.ts'

export interface Poster {
  /** Payments that were created. */
  created: number
  /** Responses with `Connection: close`. */
  closeHeaders: number
  /** Requests without a response or with a status other than 201, each with the reason. */
  lost: string[]
}

/**
 * Posts payments one after the other on a keep-alive connection and never retries one. Opens another connection, to any of the
 * APIs, after a response with `Connection: close` or when the connection is closed between requests.
 */
export async function postOnKeepAlive(urls: () => string[], signal: AbortSignal): Promise<Poster> {
  const poster: Poster = { created: 0, closeHeaders: 0, lost: [] }
  const body = '{"accountId":"A","amount":1}'
  let connection: RawConnection | undefined
  let broken: string | undefined
  let wake = (): void => {}
  for (let n = 0; !signal.aborted; n++) {
    if (!connection || connection.socket.readableEnded || connection.socket.destroyed) {
      connection?.socket.destroy()
      const all = urls()
      connection = await open(all[n % all.length]!, '').catch(() => undefined) // an API that has just stopped refuses
      broken = undefined
      connection?.socket.on('data', () => wake()).on('end', () => wake())
      void connection?.closed.then((error) => {
        broken = error ?? 'closed'
        wake()
      })
      continue
    }
    const { socket, text } = connection
    const before = text().length
    socket.write(`POST /payments HTTP/1.1\r\nHost: x\r\nIdempotency-Key: ${randomUUID()}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    const received = (): string => text().slice(before)
    const done = (): boolean => /\r\n\r\n\{.*\}$/s.test(received()) || broken !== undefined || socket.readableEnded
    while (!done())
      await new Promise<void>(resolve => wake = resolve)
    const [response] = received() ? responses(received()) : []
    if (response?.status !== 201)
      poster.lost.push(response ? `${response.status} ${response.body}` : broken ?? 'closed')
    else
      poster.created++
    if (response?.headers.connection === 'close') {
      poster.closeHeaders++
      socket.destroy()
    }
  }
  connection?.socket.destroy()
  return poster
}
