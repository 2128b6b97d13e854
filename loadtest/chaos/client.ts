import type { IncomingMessage } from 'node:http'
import type { DoneLine, Exchange, Outcome, SentLine } from '../auditor/chaos/journal.ts'
import type { JournalWriter } from './journal-writer.ts'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { kindOf } from '../auditor/chaos/journal.ts'

/** A real caller gives up after about this long, and no longer knows the outcome. */
const REQUEST_TIMEOUT_MS = 5_000
const MAX_SOCKETS = 64

export type Call = Pick<SentLine, 'purpose' | 'key' | 'payment' | 'refund'> & {
  api: string
  /** With the query. */
  path: string
  timeoutMs?: number
}

/** Sends a request and journals it: before it is sent and after its response. Never throws. */
export type Client = (call: Call) => Promise<Exchange>

/** Epoch milliseconds of a clock that never goes back, also when the machine's clock is set. */
export const now = (): number => performance.timeOrigin + performance.now()

type Response = Omit<DoneLine, 'line' | 'n' | 'at' | 'outcome'>
const NO_RESPONSE = { status: 0, contentType: '', replayed: false, retryAfter: false, body: '' }

/** Creates the one client that writes to this journal. */
export function createClient(journal: JournalWriter): { call: Client, idle: () => Promise<unknown>, close: () => void } {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS })
  let lastN = 0
  const inFlight = new Set<Promise<unknown>>()
  const exchange: Client = async ({ purpose, key, payment, refund, api, path, timeoutMs = REQUEST_TIMEOUT_MS }) => {
    const sent = { n: ++lastN, purpose, method: payment ?? refund ? 'POST' as const : 'GET' as const, url: `${api}${path}`, ...(key !== undefined && { key }), ...(payment && { payment }), ...(refund && { refund }) }
    const sentAt = now()
    journal.write({ line: 'sent', at: sentAt, ...sent })
    const deadline = AbortSignal.timeout(timeoutMs)
    const response = await send(sent, agent, deadline).catch((error: NodeJS.ErrnoException) => ({ ...NO_RESPONSE, error: deadline.aborted ? 'timeout' : error.code ?? error.message }))
    const done = { outcome: outcomeOf(sent, response), ...response }
    const endedAt = now()
    journal.write({ line: 'done', n: sent.n, at: endedAt, ...done })
    return { ...sent, ...done, sentAt, endedAt }
  }
  return {
    call: (call) => {
      const exchanged = exchange(call)
      inFlight.add(exchanged)
      return exchanged.finally(() => inFlight.delete(exchanged))
    },
    idle: () => Promise.all(inFlight),
    close: () => agent.destroy(),
  }
}

async function send({ method, url, key, payment, refund }: Pick<SentLine, 'method' | 'url' | 'key' | 'payment' | 'refund'>, agent: Agent, signal: AbortSignal): Promise<Response> {
  const body = payment ? JSON.stringify(payment) : refund && JSON.stringify({ amount: refund.amount, reason: refund.reason })
  const outgoing = request(url, { method, agent, signal, headers: body === undefined ? {} : { 'Idempotency-Key': key, 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) } })
  outgoing.end(body)
  const [response] = await once(outgoing, 'response') as [IncomingMessage]
  outgoing.on('error', () => {}) // text() reports a response that breaks off
  return {
    status: response.statusCode!,
    contentType: response.headers['content-type'] ?? '',
    replayed: response.headers['idempotent-replayed'] === 'true',
    retryAfter: Number(response.headers['retry-after']) >= 1,
    body: await text(response),
  }
}

function outcomeOf({ method }: Pick<SentLine, 'method'>, response: Response): Outcome {
  if (method === 'GET')
    return response.status === 200 ? 'ok' : response.status >= 400 && response.status < 500 ? 'refused' : 'unknown'
  switch (kindOf(response)) {
    case 'accepted':
    case 'replayed': return 'ok'
    case 'refused':
    case 'idempotency-key-reused':
    case 'payment-not-refundable':
    case 'refund-exceeds-payment':
    case 'unexpected': return 'refused' // a 4xx
    case 'idempotency-key-in-use':
    case 'lost': return 'unknown'
  }
}
