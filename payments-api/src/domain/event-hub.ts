import type { Outcome, PaymentStatus } from './payment.ts'
import { randomBytes } from 'node:crypto'

/** Events that a reconnecting client can catch up on, about 130 kB of them. Whoever missed more fetches. */
const RING_SIZE = 1_000
/** Clients that one process serves. */
export const MAX_CLIENTS = 1_000

export interface PaymentEvent {
  id: string
  status: PaymentStatus
  outcome: Outcome
}

export interface EventClient {
  /** Takes a chunk of the stream (text/event-stream). */
  send: (chunk: string) => void
  close: () => void
}

/**
 * Fans payment events out to the clients of one process, and remembers the last ones for those that reconnect.
 *
 * An event's id is `<instance>:<n>`. A client that names an id of another instance (the API was restarted, or it is
 * another replica) or one that has left the ring is told to `resync`: to fetch again what it shows. So is every client
 * when this process may itself have missed notifications. Nothing here is durable; the payments are.
 */
export class EventHub {
  readonly #instance = randomBytes(6).toString('hex')
  readonly #ring: string[] = [] // the event n is at n % RING_SIZE
  readonly #clients = new Set<EventClient>()
  #last = 0 // n of the newest event; 0: none yet

  get size(): number {
    return this.#clients.size
  }

  get full(): boolean {
    return this.#clients.size >= MAX_CLIENTS
  }

  /** Adds a client; `after` is the id of the last event that it has seen. Answers how to remove it. */
  add(client: EventClient, after: string | undefined): () => void {
    if (after !== undefined)
      client.send(this.#missedSince(after) ?? sse('resync', {}))
    client.send(sse('hello', {}, this.#id(this.#last)))
    this.#clients.add(client)
    return () => this.#clients.delete(client)
  }

  /** Payments have settled. */
  publish(events: PaymentEvent[]): void {
    const chunks = events.map((event) => {
      const chunk = sse('payment', event, this.#id(++this.#last))
      this.#ring[this.#last % RING_SIZE] = chunk
      return chunk
    })
    this.#broadcast(chunks.join(''))
  }

  /** Payments were accepted, by this process or another one. */
  announceArrivals(): void {
    this.#broadcast(sse('arrived', {}))
  }

  /** Something may have been missed. Ids from before are void: whoever comes with one must fetch too. */
  resync(): void {
    this.#last += RING_SIZE + 1
    this.#ring.length = 0
    this.#broadcast(sse('resync', {}, this.#id(this.#last)))
  }

  heartbeat(): void {
    this.#broadcast(': \n\n')
  }

  close(): void {
    for (const client of this.#clients)
      client.close()
    this.#clients.clear()
  }

  #missedSince(after: string): string | undefined {
    const [instance, n] = after.split(':')
    const seen = /^\d{1,15}$/.test(n ?? '') ? Number(n) : Number.NaN
    if (instance !== this.#instance || !Number.isInteger(seen) || seen > this.#last || seen <= this.#last - RING_SIZE)
      return undefined
    let missed = ''
    for (let i = seen + 1; i <= this.#last; i++) {
      const chunk = this.#ring[i % RING_SIZE]
      if (chunk === undefined)
        return undefined
      missed += chunk
    }
    return missed
  }

  #id(n: number): string {
    return `${this.#instance}:${n}`
  }

  #broadcast(chunk: string): void {
    for (const client of this.#clients)
      client.send(chunk)
  }
}

function sse(event: string, data: object, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
