import type { ArrivedAccounts } from './arrivals.ts'
import type { Outcome, PaymentStatus } from './payment.ts'
import { randomBytes } from 'node:crypto'
import { joinArrivals, NO_ACCOUNTS } from './arrivals.ts'

/** Events that a reconnecting client can catch up on, about 130 kB. A client that missed more fetches again. */
const RING_SIZE = 1_000
/** Most clients that one process serves. */
export const MAX_CLIENTS = 1_000
/**
 * Events within a window are sent together when it ends, because with 1,000 clients the writes are most of the cost. The first
 * event of each kind is sent at once, so an idle system adds no latency. So is a full ring of payments.
 */
const WINDOW_MS = 200
/** With over 400 clients the window is longer: at most 2,000 writes a second. With 1,000 clients it is 500 ms. */
const WINDOW_MS_PER_CLIENT = 0.5
/** Each second one slice of the clients gets a heartbeat, so a client gets one every 3 s. */
const HEARTBEAT_SLICES = 3
export const HEARTBEAT_SLICE_MS = 1_000
/** An event, because a page cannot see a comment: silence tells it that this process hangs. */
const HEARTBEAT = Buffer.from(sse('heartbeat', {}))

const KINDS = ['payment', 'arrived', 'resync'] as const
type EventKind = (typeof KINDS)[number]

export interface PaymentEvent {
  id: string
  /** Undefined if an older worker settled the payment. */
  accountId?: string | undefined
  status: PaymentStatus
  /** What reconciliation found. Undefined if a refund settled, which leaves the payment's outcome as it is. */
  outcome?: Outcome
  /** The refund that settled; undefined if the payment did. */
  refundId?: string
}

export interface EventClient {
  /** Sends a chunk of the stream (text/event-stream). All clients get the same object. */
  send: (chunk: Buffer) => void
  close: () => void
}

/**
 * Sends payment events to the clients of one process, and keeps the latest for clients that reconnect.
 *
 * An event's id is `<instance>:<n>`. A client that resumes from an id of another instance (after a restart, or on another
 * replica), or from an id that has left the ring, gets `resync`: it fetches again what it shows. All clients get `resync` when
 * this process may have missed notifications. Events are not durable; payments are.
 */
export class EventHub {
  readonly #instance = randomBytes(6).toString('hex')
  readonly #ring: string[] = [] // the event n is at n % RING_SIZE
  readonly #clients = new Set<EventClient>()
  #last = 0 // n of the newest event sent, 0 before the first

  // Events waiting for the window to end. They get their ids when sent, so a client that connects meanwhile gets each once.
  #payments: PaymentEvent[] = []
  #arrived = false
  #arrivedAccounts = NO_ACCOUNTS
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

  /** Adds a client; `after` is the id of the last event it has seen. Returns a function that removes the client. */
  add(client: EventClient, after: string | undefined): () => void {
    const caughtUp = after === undefined ? '' : this.#missedSince(after) ?? sse('resync', {})
    client.send(Buffer.from(caughtUp + sse('hello', {}, this.#id(this.#last))))
    this.#clients.add(client)
    return () => this.#clients.delete(client)
  }

  /** Sends payments that have settled, or that a refund has changed. */
  publish(events: PaymentEvent[]): void {
    this.#payments.push(...events)
    this.#offer('payment')
  }

  /** Announces that payments to these accounts were accepted, by any process. */
  announceArrivals(accounts?: ArrivedAccounts): void {
    this.#arrived = true
    this.#arrivedAccounts = joinArrivals(this.#arrivedAccounts, accounts)
    this.#offer('arrived')
  }

  /** Call when notifications may have been missed. Earlier ids become invalid: a client that resumes from one gets `resync`. */
  resync(): void {
    this.#last += RING_SIZE + 1
    this.#ring.length = 0
    this.#payments = [] // clients see them when they fetch again
    this.#resync = true
    this.#offer('resync')
  }

  heartbeat(): void {
    if (this.#window)
      return // every client got an event within this window
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

  /** Sends the waiting events of these kinds. A resync goes before payments: a client that resumes from their ids would miss it. */
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
      chunks.push(this.#sent('arrived', sse('arrived', this.#arrivedAccounts === undefined ? {} : { accountIds: [...this.#arrivedAccounts].sort() })))
      this.#arrived = false
      this.#arrivedAccounts = NO_ACCOUNTS
    }
    if (chunks.length === 0)
      return
    this.#window ??= setTimeout(() => {
      this.#window = undefined
      this.#sentInWindow.clear()
      this.#flush(KINDS)
    }, Math.max(WINDOW_MS, this.#clients.size * WINDOW_MS_PER_CLIENT))
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
