import type { Response } from 'express'
import type { EventHub } from '../domain/event-hub.ts'
import type { Route } from './route.ts'
import { z } from 'zod'
import { MAX_CLIENTS } from '../domain/event-hub.ts'
import { markEndless } from './connections.ts'
import { StreamEvent } from './event-schemas.ts'
import { sendProblem } from './problem.ts'
import { defineRoute } from './route.ts'

/** A client with more unread bytes than this is disconnected. It catches up when it reconnects. */
const MAX_BUFFERED_BYTES = 1024 * 1024
/** How long clients wait before they reconnect, sent to them as `retry`. */
const RETRY_MS = 1_000

const EventId = z.string().describe('The id of the last event received; any other text makes the stream begin with `resync`')

/** Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export function eventRoutes({ events, draining }: { events: EventHub, draining: () => boolean }): Route[] {
  const framed = frameOnce()

  function stream(after: string | undefined, res: Response): void {
    if (events.full)
      return sendProblem(res, 'overloaded', `This process already serves ${MAX_CLIENTS} event streams. Try again.`)
    res.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
    })
    if (res.req.method === 'HEAD')
      return void res.end()
    res.write(`retry: ${RETRY_MS}\n\n`)
    if (draining())
      return void res.end() // an EventSource reconnects after an ended stream, but not after a 503
    markEndless(res)
    const remove = events.add({
      send: (chunk) => {
        // Write to the socket, framed once for all clients: res.write takes 4× as long for a small chunk.
        if (res.chunkedEncoding && res.socket)
          res.socket.write(framed(chunk))
        else
          res.write(chunk)
        if (res.writableLength > MAX_BUFFERED_BYTES)
          res.destroy()
      },
      close: () => res.end(),
    }, after)
    res.once('close', remove)
  }

  return [
    defineRoute({
      tag: 'Events',
      operationId: 'followEvents',
      method: 'get',
      path: '/events',
      summary: 'Follow payments and refunds as they settle',
      description: [
        'Server-sent events. `hello` comes once: fetch what you show after it, so that you miss nothing. `payment` (data: id, accountId, status, outcome) means that a payment',
        'settled, or with refundId and without outcome that a refund of it did; `arrived` (data: accountIds) that payments were accepted; `resync` that something may have been missed: fetch again; `heartbeat` comes every three seconds. After a longer silence, or when',
        'the stream ends, reconnect with the last id to continue from there.',
      ].join(' '),
      headers: {
        'Last-Event-ID': { schema: EventId.optional().describe('Sent by EventSource when it reconnects') },
      },
      query: z.strictObject({
        after: EventId.optional(),
      }),
      responses: {
        200: { description: 'The stream; the schema describes one event', contentType: 'text/event-stream', schema: StreamEvent },
      },
      problems: ['overloaded'],
      handle: ({ query: { after }, headers }, _req, res) => stream(headers['Last-Event-ID'] ?? after, res),
    }),
  ]
}

/** Frames a chunk of a chunked body (RFC 9112, section 7.1). Caches the last one: all clients get the same chunk. */
function frameOnce(): (chunk: Buffer) => Buffer {
  let last: Buffer | undefined
  let framed = Buffer.of()
  return (chunk) => {
    if (chunk !== last) {
      last = chunk
      framed = Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')])
    }
    return framed
  }
}
