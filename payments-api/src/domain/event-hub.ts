import type { Outcome, PaymentStatus } from './payment.ts'
import { randomBytes } from 'node:crypto'

/** Events that a reconnecting client can catch up on, about 130 kB of them. Whoever missed more fetches. */
const RING_SIZE = 1_000
/** Clients that one process serves. */
export const MAX_CLIENTS = 1_000
/**
 * What happens within a window goes out together, at its end: a write to each of 1,000 clients takes most of what a
 * stream costs. The first event of each kind goes out at once, so an idle system is as quick as without a window. A full ring
 * of payments goes out at once as well.
 */
const WINDOW_MS = 200
/** Seconds between two heartbeats of one client: each second one slice of the clients gets its heartbeat. */
const HEARTBEAT_SLICES = 15
export const HEARTBEAT_SLICE_MS = 1_000
const HEARTBEAT = Buffer.from(': \n\n')

const KINDS = ['payment', 'arrived', 'resync'] as const
type EventKind = (typeof KINDS)[number]

export interface PaymentEvent {
  id: string
  status: PaymentStatus
  outcome: Outcome
}

export interface EventClient {
  /** Sends a chunk of the stream (text/event-stream). All clients get the same object. */
  send: (chunk: Buffer) => void
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
  #last = 0 // n of the newest event that was sent; 0: none yet

  // Events that wait for the end of the window. They get their ids when sent, so a client that connects meanwhile gets each once.
  #payments: PaymentEvent[] = []
  #arrived = false
  #resync = false
  #window: NodeJS.Timeout | undefined
  readonly #sentInWindow = new Set<EventKind>()
  #heartbeatSlice = 0

  get size(): number {
    return this.#clients.size
  }

  get full(): boolean {
    return this.#clients.size >= MAX_CLIENTS
  }

  /** Adds a client; `after` is the id of the last event that it has seen. Returns how to remove it. */
  add(client: EventClient, after: string | undefined): () => void {
    const caughtUp = after === undefined ? '' : this.#missedSince(after) ?? sse('resync', {})
    client.send(Buffer.from(caughtUp + sse('hello', {}, this.#id(this.#last))))
    this.#clients.add(client)
    return () => this.#clients.delete(client)
  }

  /** Payments have settled. */
  publish(events: PaymentEvent[]): void {
    this.#payments.push(...events)
    this.#offer('payment')
  }

  /** Payments were accepted, by this process or another one. */
  announceArrivals(): void {
    this.#arrived = true
    this.#offer('arrived')
  }

  /** Something may have been missed. Ids from before are void: whoever comes with one must fetch too. */
  resync(): void {
    this.#last += RING_SIZE + 1
    this.#ring.length = 0
    this.#payments = [] // whoever fetches again sees them
    this.#resync = true
    this.#offer('resync')
  }

  heartbeat(): void {
    let n = 0
    for (const client of this.#clients) {
      if (n++ % HEARTBEAT_SLICES === this.#heartbeatSlice)
        client.send(HEARTBEAT)
    }
    this.#heartbeatSlice = (this.#heartbeatSlice + 1) % HEARTBEAT_SLICES
  }

  close(): void {
    clearTimeout(this.#window)
    for (const client of this.#clients)
      client.close()
    this.#clients.clear()
  }

  #offer(kind: EventKind): void {
    if (!this.#sentInWindow.has(kind) || this.#payments.length >= RING_SIZE)
      this.#flush([kind])
  }

  /** Sends what waits of these kinds. A resync goes ahead of payments: their ids would hide it from a client that returns. */
  #flush(kinds: readonly EventKind[]): void {
    const chunks: string[] = []
    if (this.#resync && (kinds.includes('resync') || kinds.includes('payment'))) {
      chunks.push(this.#sent('resync', sse('resync', {}, this.#id(this.#last))))
      this.#resync = false
    }
    for (const event of kinds.includes('payment') ? this.#payments.splice(0) : []) {
      const chunk = sse('payment', event, this.#id(++this.#last))
      this.#ring[this.#last % RING_SIZE] = chunk
      chunks.push(this.#sent('payment', chunk))
    }
    if (this.#arrived && kinds.includes('arrived')) {
      chunks.push(this.#sent('arrived', sse('arrived', {})))
      this.#arrived = false
    }
    if (chunks.length === 0)
      return
    this.#window ??= setTimeout(() => {
      this.#window = undefined
      this.#sentInWindow.clear()
      this.#flush(KINDS)
    }, WINDOW_MS)
    const chunk = Buffer.from(chunks.join(''))
    for (const client of this.#clients)
      client.send(chunk)
  }

  #sent(kind: EventKind, chunk: string): string {
    this.#sentInWindow.add(kind)
    return chunk
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
}

function sse(event: string, data: object, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
