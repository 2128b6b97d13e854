import type { IncomingMessage } from 'node:http'
import type { Random } from '../faults/fault.ts'
import type { JournalWriter } from './journal-writer.ts'
import { once } from 'node:events'
import { get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { serverSentEvents } from '../auditor/server-sent-events.ts'
import { now } from './client.ts'

const RECONNECT_MS = 200
const CONNECT_TIMEOUT_MS = 5_000
/** The API sends each stream something every 15 s. A client that hears nothing for longer reconnects. */
const SILENCE_MS = 20_000

const paymentEvent = z.object({ id: z.string(), status: z.string(), refundId: z.string().optional() })

export interface StreamOptions {
  /** How the journal refers to the stream. */
  name: string
  api: string
  journal: JournalWriter
  signal: AbortSignal
  /** Called for each payment or refund that the stream announces, with its path. */
  onSettled: (path: string) => void
  /** Breaks the connection after a time between these, to continue it with Last-Event-ID. */
  breaks?: { afterMs: readonly [min: number, max: number], random: Random }
}

/** Follows an API process's events until the signal aborts. Reconnects with the last id, as an EventSource does. */
export async function followStream({ name, api, journal, signal, onSettled, breaks }: StreamOptions): Promise<void> {
  let lastId: string | undefined
  while (!signal.aborted) {
    const ended = new AbortController()
    const timers = [setTimeout(() => ended.abort(), CONNECT_TIMEOUT_MS)]
    if (breaks)
      timers.push(setTimeout(() => ended.abort(), breaks.random.integer(...breaks.afterMs)))
    try {
      const request = get(`${api}/events`, { agent: false, headers: lastId === undefined ? {} : { 'Last-Event-ID': lastId }, signal: AbortSignal.any([signal, ended.signal]) })
      const [response] = await once(request, 'response') as [IncomingMessage]
      request.on('error', () => {})
      clearTimeout(timers[0])
      response.setTimeout(SILENCE_MS, () => ended.abort())
      for await (const { event, id, data } of serverSentEvents(response)) {
        lastId = id ?? lastId
        if (event !== 'hello' && event !== 'payment' && event !== 'resync')
          continue
        const settled = event === 'payment' ? paymentEvent.parse(JSON.parse(data)) : undefined
        journal.write({ line: 'stream', stream: name, at: now(), event, ...(settled && { payment: settled.id, refund: settled.refundId, status: settled.status }) })
        if (settled)
          onSettled(settled.refundId === undefined ? `/payments/${settled.id}` : `/refunds/${settled.refundId}`)
      }
    }
    catch {
      // the process is down, or the connection broke: reconnect
    }
    timers.forEach(clearTimeout)
    if (!signal.aborted)
      journal.write({ line: 'stream', stream: name, at: now(), event: 'end' })
    await delay(RECONNECT_MS, null, { signal }).catch(() => {})
  }
}
