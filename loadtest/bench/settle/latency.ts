import { setTimeout as delay } from 'node:timers/promises'
import { setting, withStack } from '../with-stack.ts'

const WARM_UP = 30
/** Longer than it ever takes, so that the system is idle again; at random, so that no sample keeps step with a timer. */
const PAUSE_MS = { min: 50, max: 250 }
const DEADLINE_MS = 10_000

/**
 * From sending POST /payments to the notification that the payment is settled, on an idle system with one worker.
 * SAMPLES=300, one after the other.
 */
export async function latency(): Promise<void> {
  const samples = setting('SAMPLES', 300)
  await withStack(async ({ database, apiUrl }) => {
    const settledAt = new Map<string, number>()
    let heard = (): void => {}
    database.on('notification', ({ payload }) => {
      const now = performance.now()
      for (const id of Object.values(JSON.parse(payload ?? '{}') as Record<string, string[]>).flat())
        settledAt.set(id, now)
      heard()
    })
    await database.query('listen payment_events')

    const fromRequest: number[] = []
    const fromAnswer: number[] = []
    for (let n = 0; n < WARM_UP + samples; n++) {
      await delay(PAUSE_MS.min + Math.random() * (PAUSE_MS.max - PAUSE_MS.min))
      const sentAt = performance.now()
      const res = await fetch(`${apiUrl}/payments`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
        body: JSON.stringify({ accountId: 'BENCH-1', amount: '12.50' }),
      })
      const { id } = await res.json() as { id: string }
      const answeredAt = performance.now()
      if (res.status !== 201)
        throw new Error(`the API answered ${res.status}`)
      while (!settledAt.has(id)) {
        if (performance.now() - sentAt > DEADLINE_MS)
          throw new Error(`payment ${id} was not settled within ${DEADLINE_MS} ms`)
        await Promise.race([new Promise<void>(resolve => heard = resolve), delay(DEADLINE_MS, undefined, { ref: false })])
      }
      if (n >= WARM_UP) {
        fromRequest.push(settledAt.get(id)! - sentAt)
        fromAnswer.push(Math.max(settledAt.get(id)! - answeredAt, 0))
      }
    }
    console.log(`${samples} payments    p50     p99     (ms)`)
    for (const [name, times] of [['request to settled', fromRequest], ['answer to settled', fromAnswer]] as const)
      console.log(`  ${name.padEnd(18)} ${quantile(times, 0.5)} ${quantile(times, 0.99)}`)
  })
}

function quantile(times: number[], q: number): string {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!.toFixed(1).padStart(7)
}
