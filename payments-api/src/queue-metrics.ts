import type { Registry } from 'prom-client'
import type { QueueState } from './sql/queue-state.ts'
import { Gauge } from 'prom-client'

/** A scrape waits this long for the database. Prometheus gives up after 10 s by default. */
const DEADLINE_MS = 1_000
/** Scrapes within this time share one reading: counting a long queue takes tens of milliseconds. */
const CACHE_MS = 1_000

/**
 * The queue's gauges, read from the database at a scrape. While the database cannot be read, the gauges have no value instead
 * of an old one, and recon_queue_readable is 0. At most one reading is in flight, however long it takes.
 */
export function registerQueueMetrics(registry: Registry, readQueue: () => Promise<QueueState>): void {
  let reading: { startedAtMs: number, done: boolean, state: Promise<QueueState | undefined> } | undefined

  function latest(): Promise<QueueState | undefined> {
    if (!reading || (reading.done && performance.now() - reading.startedAtMs >= CACHE_MS)) {
      const started = { startedAtMs: performance.now(), done: false, state: readQueue().catch(() => undefined) }
      void started.state.then(() => started.done = true)
      reading = started
    }
    return Promise.race([reading.state, deadline()])
  }

  function gauge(name: string, help: string, valueOf: (state: QueueState | undefined) => number | undefined): void {
    // eslint-disable-next-line no-new -- it registers itself
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const value = valueOf(await latest())
        if (value === undefined)
          this.remove()
        else
          this.set(value)
      },
    })
  }

  gauge('recon_queue_readable', 'Whether the other figures of the queue were read from the database: 0 while they have no value', state => state ? 1 : 0)
  gauge('recon_queue_paused', 'Whether the queue is paused, so that workers claim no jobs', state => state && (state.paused_at ? 1 : 0))
  gauge('recon_jobs_waiting', 'Jobs in the queue, counted up to 100,000', state => state?.waiting)
  gauge('recon_jobs_dead', 'Jobs that were given up, counted up to 100,000', state => state?.dead)
}

function deadline(): Promise<undefined> {
  return new Promise(resolve => setTimeout(resolve, DEADLINE_MS, undefined).unref())
}
