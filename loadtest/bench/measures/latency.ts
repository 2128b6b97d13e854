import type { Figures, Measure, MeasureContext } from '../measure.ts'
import { once } from 'node:events'
import { get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, startStack } from '../bench-stack.ts'
import { quantile } from '../figures.ts'

const PAYMENTS = 300
const WARM_UP = 100
/** Longer than the API's pause between two wake-ups, and random so that it stays in step with no timer. */
const pauseMs = (): number => 30 + Math.random() * 40
const TIMEOUT_MS = 10_000

export const latency: Measure = {
  name: 'latency',
  title: 'From request to settled, on an idle system',
  how: `${PAYMENTS} payments, one at a time with 30 to 70 ms between them. Each time starts when the request is sent. It ends when the response arrives, when another Postgres connection is notified that the payment is settled, or when a client receives the server-sent event.`,
  goals: [
    { what: 'request to settled, idle, p50 in ms', contender: 'ours', figure: 'settled p50 ms', atMost: 10 },
    { what: 'request to settled, idle, p99 in ms', contender: 'ours', figure: 'settled p99 ms', atMost: 50 },
  ],
  run: async (context) => {
    const { apiUrl, databaseUrl } = await startStack(context)
    const settled = new Sightings()
    const listener = await connect(databaseUrl('payments'), context.resources)
    listener.on('notification', ({ payload }) => {
      for (const [id] of payload!.matchAll(/[0-9a-f-]{36}/g))
        settled.see(id)
    })
    await listener.query('listen payment_events')
    const events = await followEvents(apiUrl, context.resources)
    await pay(apiUrl, WARM_UP, settled, events, context)
    await context.compare({ ours: () => pay(apiUrl, context.scaled(PAYMENTS), settled, events, context) })
  },
}

/** When each payment was seen. It may be seen before the response arrives, that is, before anybody asks for its id. */
class Sightings {
  private readonly times = new Map<string, number>()
  private readonly waiting = new Map<string, (at: number) => void>()

  see(id: string): void {
    const at = performance.now()
    this.times.set(id, at)
    this.waiting.get(id)?.(at)
  }

  async of(id: string, signal: AbortSignal): Promise<number> {
    const seen = this.times.get(id)
    if (seen !== undefined)
      return seen
    return await new Promise((resolve, reject) => {
      this.waiting.set(id, resolve)
      AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]).addEventListener('abort', () => reject(new Error(`payment ${id} was not seen to settle within ${TIMEOUT_MS / 1_000} s`)))
    })
  }
}

async function pay(apiUrl: string, payments: number, settled: Sightings, events: Sightings, { signal }: MeasureContext): Promise<Figures> {
  const times = { response: [] as number[], settled: [] as number[], event: [] as number[] }
  for (let n = 0; n < payments; n++) {
    await delay(pauseMs(), undefined, { signal })
    const sentAt = performance.now()
    const res = await fetch(`${apiUrl}/payments`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
      body: JSON.stringify({ accountId: 'ACC-1', amount: '12.50' }),
      signal,
    })
    const { id } = await res.json() as { id: string }
    times.response.push(performance.now() - sentAt)
    times.settled.push(await settled.of(id, signal) - sentAt)
    times.event.push(await events.of(id, signal) - sentAt)
  }
  return Object.fromEntries(Object.entries(times).flatMap(([name, values]) => [
    [`${name} p50 ms`, quantile(values, 0.5)],
    [`${name} p99 ms`, quantile(values, 0.99)],
  ]))
}

/** Follows the API's server-sent events over plain HTTP. */
async function followEvents(apiUrl: string, resources: AsyncDisposableStack): Promise<Sightings> {
  const events = new Sightings()
  const request = get(`${apiUrl}/events`)
  resources.defer(() => void request.destroy())
  const [stream] = await once(request, 'response') as [NodeJS.ReadableStream]
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('error', () => {}) // destroyed at the end; after an earlier loss the next payment times out
  stream.on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n')
    rest = blocks.pop()!
    for (const block of blocks.filter(block => /^event: payment$/m.test(block)))
      events.see((JSON.parse(/^data: (.+)$/m.exec(block)![1]!) as { id: string }).id)
  })
  return events
}
