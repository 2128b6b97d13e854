import type { IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { get } from 'node:http'
import { z } from 'zod'
import { Refusal } from '../../compose/src/refusal.ts'
import { serverSentEvents } from './server-sent-events.ts'

const CONNECT_TIMEOUT_MS = 10_000

/** A refund that settles is announced as an event of its payment. */
const paymentEvent = z.object({ id: z.uuid(), refundId: z.uuid().optional() })

export interface EventStreams {
  count: number
  /** The response that opened each stream. */
  responses: { url: string, status: number, contentType: string }[]
  /** By id of a payment or refund: how many streams announced it, and when the last one did (epoch milliseconds). */
  seen: Map<string, { times: number, at: number }>
  /** Streams that ended early, and `resync` events, after which a stream may have missed payments. */
  interruptions: number
  close: () => void
}

/** Opens `count` event streams, spread over the API processes, and records which settled payments and refunds they announce. */
export async function followEvents(apis: string[], count: number): Promise<EventStreams> {
  const closing = new AbortController()
  const streams: EventStreams = { count, responses: [], seen: new Map(), interruptions: 0, close: () => closing.abort() }
  await Promise.all(Array.from({ length: count }, async (_, n) => {
    const url = `${apis[n % apis.length]}/events`
    const request = get(url, { agent: false, signal: closing.signal })
    const timer = setTimeout(() => request.destroy(new Refusal(`${url} did not respond within ${CONNECT_TIMEOUT_MS / 1_000} s`)), CONNECT_TIMEOUT_MS)
    const [response] = await once(request, 'response') as [IncomingMessage]
    clearTimeout(timer)
    streams.responses.push({ url, status: response.statusCode!, contentType: response.headers['content-type'] ?? '' })
    request.on('error', () => {}) // close() aborts the request; readStream() counts an early end
    await readStream(response, streams, closing.signal)
  }))
  return streams
}

/** Resolves at the stream's first event, from which on it misses nothing, and keeps reading in the background. */
function readStream(response: IncomingMessage, streams: EventStreams, closing: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const read = async (): Promise<void> => {
      for await (const { event, data } of serverSentEvents(response)) {
        if (event === 'hello')
          resolve()
        if (event === 'resync')
          streams.interruptions++
        if (event === 'payment') {
          const { id, refundId } = paymentEvent.parse(JSON.parse(data))
          recordPayment(streams, refundId ?? id)
        }
      }
    }
    const ended = (): void => {
      if (!closing.aborted)
        streams.interruptions++
      resolve()
    }
    read().then(ended, ended)
  })
}

function recordPayment({ seen }: EventStreams, id: string): void {
  seen.set(id, { times: (seen.get(id)?.times ?? 0) + 1, at: Date.now() })
}

/** When a payment was accepted, in epoch milliseconds: the first 48 bits of its id, a version 7 UUID (RFC 9562). */
export function acceptedAt(id: string): number {
  return Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)
}
