import { connect } from 'node:net'

export interface LoadOptions {
  url: URL
  connections: number
  durationMs: number
  /** The body of a request; every request has an idempotency key of its own. */
  body: (n: number) => string
}

export interface LoadResult {
  perSecond: number
  /** Answers by their status. */
  statuses: Record<string, number>
  latencyMs: { p50: number, p99: number }
}

/**
 * Keeps `connections` keep-alive connections busy, each with one POST at a time, over plain sockets: an HTTP client
 * library would take the processor from what is measured.
 */
export async function load({ url, connections, durationMs, body }: LoadOptions): Promise<LoadResult> {
  const latencies: number[] = []
  const statuses: Record<string, number> = {}
  const run = crypto.randomUUID()
  const startedAt = performance.now()
  let sent = 0

  await Promise.all(Array.from({ length: connections }, () => new Promise<void>((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname)
    let sentAt = 0
    let received = ''
    const next = (): void => {
      sentAt = performance.now()
      if (sentAt - startedAt > durationMs)
        return void socket.end()
      const text = body(++sent)
      socket.write(`POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Type: application/json\r\nIdempotency-Key: ${run}-${sent}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
    }
    socket.setNoDelay(true).setEncoding('latin1')
    socket.once('connect', next).once('error', reject).once('close', () => resolve())
    socket.on('data', (chunk: string) => {
      received += chunk
      const head = received.indexOf('\r\n\r\n')
      if (head < 0)
        return
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0)
      if (received.length < head + 4 + length)
        return
      const status = received.slice(9, 12)
      statuses[status] = (statuses[status] ?? 0) + 1
      latencies.push(performance.now() - sentAt)
      received = ''
      next()
    })
  })))

  const seconds = (performance.now() - startedAt) / 1_000
  latencies.sort((a, b) => a - b)
  const quantile = (q: number): number => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * q))] ?? Number.NaN
  return { perSecond: latencies.length / seconds, statuses, latencyMs: { p50: quantile(0.5), p99: quantile(0.99) } }
}
