import type { Course, Figures, Measure } from '../measure.ts'
import { once } from 'node:events'
import { get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, startStack } from '../bench-stack.ts'
import { quantile } from '../figures.ts'

const PAYMENTS = 300
const WARM_UP = 100
/** Longer than the API's pause between two wake-ups, and not in step with any clock. */
const pauseMs = (): number => 30 + Math.random() * 40
const DEADLINE_MS = 10_000

export const latency: Measure = {
  name: 'latency',
  title: 'From request to settled, on an idle system',
  how: `${PAYMENTS} payments, one at a time with 30 to 70 ms between them. Each time counts from when the request is sent: until it is answered, until another connection to Postgres hears that the payment settled, until a listener gets its server-sent event.`,
  goals: [
    { what: 'request to settled, idle, p50 in ms', of: 'ours', figure: 'settled p50 ms', atMost: 10 },
    { what: 'request to settled, idle, p99 in ms', of: 'ours', figure: 'settled p99 ms', atMost: 50 },
  ],
  run: async (course) => {
    const { apiUrl, databaseUrl } = await startStack(course)
    const settled = new Sightings()
    const listener = await connect(databaseUrl('payments'), course.resources)
    listener.on('notification', ({ payload }) => {
      for (const [id] of payload!.matchAll(/[0-9a-f-]{36}/g))
        settled.see(id)
    })
    await listener.query('listen payment_events')
    const events = await followEvents(apiUrl, course.resources)
    await pay(apiUrl, WARM_UP, settled, events, course)
    await course.compare({ ours: () => pay(apiUrl, course.sized(PAYMENTS), settled, events, course) })
  },
}

/** When each payment was first seen somewhere. It may be seen before anybody asks: the answer with its id comes later. */
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
      AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]).addEventListener('abort', () => reject(new Error(`payment ${id} was not seen to settle`)))
    })
  }
}

async function pay(apiUrl: string, payments: number, settled: Sightings, events: Sightings, { signal }: Course): Promise<Figures> {
  const times = { answered: [] as number[], settled: [] as number[], event: [] as number[] }
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
    times.answered.push(performance.now() - sentAt)
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
  stream.on('error', () => {}) // cut off at the end, or else the next payment is not seen
  stream.on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n')
    rest = blocks.pop()!
    for (const block of blocks.filter(block => /^event: payment$/m.test(block)))
      events.see((JSON.parse(/^data: (.+)$/m.exec(block)![1]!) as { id: string }).id)
  })
  return events
}
