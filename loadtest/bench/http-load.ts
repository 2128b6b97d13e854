import { connect } from 'node:net'
import { quantile } from './figures.ts'

export interface LoadOptions {
  url: URL
  connections: number
  /** Ends after a time or a number of requests. */
  until: { ms: number } | { requests: number }
  /**
   * Sends at this rate however long responses take, and counts latency from when a request was due. Without it, each
   * connection sends its next request when the last response has arrived.
   */
  requestsPerSecond?: number
  /** Returns the body of the n-th request. */
  body: (n: number) => string
  /** The number of idempotency keys to cycle through. Without it, every request has a new key. */
  keys?: number
  /** Aborts the load, which then throws. */
  signal: AbortSignal
}

interface LoadResult {
  responses: number
  responsesPerSecond: number
  latencyMs: { p50: number, p99: number }
}

/**
 * Sends POST requests over keep-alive connections, one at a time on each. Uses plain sockets, because an HTTP client library
 * would take CPU time from the server that it measures. Throws if a response is not 201.
 */
export async function generateLoad({ url, connections, until, requestsPerSecond, body, keys = Infinity, signal }: LoadOptions): Promise<LoadResult> {
  const latencies: number[] = []
  const run = crypto.randomUUID()
  const startedAt = performance.now()
  let sent = 0

  await Promise.all(Array.from({ length: connections }, () => new Promise<void>((resolve, reject) => {
    const socket = connect({ port: Number(url.port), host: url.hostname, signal })
    let sentAt = 0
    let received = ''
    let over = false
    const fail = (error: Error): void => {
      socket.destroy()
      reject(error)
    }
    const send = (n: number): void => {
      const text = body(n)
      socket.write(`POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Type: application/json\r\nIdempotency-Key: ${run}-${n % keys}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
    }
    const next = (): void => {
      const now = performance.now()
      sentAt = requestsPerSecond === undefined ? now : startedAt + sent / requestsPerSecond * 1_000
      over = 'ms' in until ? sentAt - startedAt > until.ms : sent >= until.requests
      if (over)
        return void socket.end()
      const n = ++sent
      if (sentAt > now)
        setTimeout(send, sentAt - now, n)
      else
        send(n)
    }
    socket.setNoDelay(true).setEncoding('latin1')
    socket.once('connect', next).once('error', fail)
    socket.once('close', () => over ? resolve() : reject(new Error(`${url.href} closed a connection`)))
    socket.on('data', (chunk: string) => {
      received += chunk
      const head = received.indexOf('\r\n\r\n')
      if (head < 0)
        return
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0)
      if (received.length < head + 4 + length)
        return
      if (received.slice(9, 12) !== '201')
        return fail(new Error(`POST ${url.href} responded with ${received.slice(0, 300)}`))
      latencies.push(performance.now() - sentAt)
      received = ''
      next()
    })
  })))

  const seconds = (performance.now() - startedAt) / 1_000
  return {
    responses: latencies.length,
    responsesPerSecond: latencies.length / seconds,
    latencyMs: { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) },
  }
}
