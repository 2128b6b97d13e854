import type { RawConnection } from './raw-http.ts'
import { randomUUID } from 'node:crypto'
import { open, responses } from './raw-http.ts'

export interface Poster {
  /** Payments that were created. */
  created: number
  /** Responses that said `Connection: close`. */
  told: number
  /** Requests without a response or with a status other than 201, each with the reason. */
  lost: string[]
}

/**
 * Posts payments one after the other on a keep-alive connection and never repeats one. Opens another connection, to any of the
 * APIs, when a response says `Connection: close` or the connection is closed between requests.
 */
export async function postOnKeepAlive(urls: () => string[], signal: AbortSignal): Promise<Poster> {
  const seen: Poster = { created: 0, told: 0, lost: [] }
  const body = '{"accountId":"A","amount":1}'
  let connection: RawConnection | undefined
  let broken: string | undefined
  let wake = (): void => {}
  for (let n = 0; !signal.aborted; n++) {
    if (!connection || connection.socket.readableEnded || connection.socket.destroyed) {
      connection?.socket.destroy()
      const all = urls()
      connection = await open(all[n % all.length]!, '').catch(() => undefined) // an API that was just stopped refuses
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
    const response = (): string => text().slice(before)
    const over = (): boolean => /\r\n\r\n\{.*\}$/s.test(response()) || broken !== undefined || socket.readableEnded
    while (!over())
      await new Promise<void>(resolve => wake = resolve)
    const [answer] = response() ? responses(response()) : []
    if (answer?.status !== 201)
      seen.lost.push(answer ? `${answer.status} ${answer.body}` : broken ?? 'closed')
    else
      seen.created++
    if (answer?.headers.connection === 'close') {
      seen.told++
      socket.destroy()
    }
  }
  connection?.socket.destroy()
  return seen
}
