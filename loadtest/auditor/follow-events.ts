import type { IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { get } from 'node:http'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { Refusal } from '../../compose/src/refusal.ts'

const CONNECT_TIMEOUT_MS = 10_000

const settled = z.object({ id: z.uuid() })

export interface Listening {
  streams: number
  /** How each stream was answered. */
  answers: { url: string, status: number, contentType: string }[]
  /** By payment: how many streams told of it, and when the last one did (epoch milliseconds). */
  seen: Map<string, { times: number, at: number }>
  /** Streams that ended before they were closed, or told that they might have missed something. */
  interruptions: number
  close: () => void
}

/** Opens event streams, spread over the APIs, and notes which settled payments they tell of. */
export async function listen(apis: string[], streams: number): Promise<Listening> {
  const closing = new AbortController()
  const listening: Listening = { streams, answers: [], seen: new Map(), interruptions: 0, close: () => closing.abort() }
  await Promise.all(Array.from({ length: streams }, async (_, n) => {
    const url = `${apis[n % apis.length]}/events`
    const request = get(url, { agent: false, signal: closing.signal })
    const timer = setTimeout(() => request.destroy(new Refusal(`${url} did not answer within ${CONNECT_TIMEOUT_MS / 1_000} s`)), CONNECT_TIMEOUT_MS)
    const [response] = await once(request, 'response') as [IncomingMessage]
    clearTimeout(timer)
    listening.answers.push({ url, status: response.statusCode!, contentType: response.headers['content-type'] ?? '' })
    request.on('error', () => {}) // of closing; an end is seen below
    await hello(response, listening, closing.signal)
  }))
  return listening
}

/** Resolves at the stream's first event, after which it misses nothing, and goes on reading. */
function hello(response: IncomingMessage, listening: Listening, closing: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let event = ''
    const lines = createInterface({ input: response, crlfDelay: Infinity })
    lines.on('error', () => {}) // readline passes its input's error on
    lines.on('line', (line) => {
      if (line.startsWith('event: '))
        event = line.slice('event: '.length)
      if (!line.startsWith('data: '))
        return
      if (event === 'hello')
        resolve()
      if (event === 'resync')
        listening.interruptions++
      if (event === 'payment')
        noteSeen(listening, settled.parse(JSON.parse(line.slice('data: '.length))).id)
    })
    response.on('error', () => {})
    response.once('close', () => {
      if (!closing.aborted)
        listening.interruptions++
      resolve()
    })
  })
}

function noteSeen({ seen }: Listening, id: string): void {
  seen.set(id, { times: (seen.get(id)?.times ?? 0) + 1, at: Date.now() })
}

/** When a payment was accepted, in epoch milliseconds: the first 48 bits of its id, a UUID of version 7 (RFC 9562). */
export function acceptedAt(id: string): number {
  return Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)
}
