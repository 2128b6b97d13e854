import type { Api } from './support/api.ts'
import type { DatabaseProxy } from './support/database-proxy.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { Registry } from 'prom-client'
import { registerQueueMetrics } from '../src/queue-metrics.ts'
import { call, startApi } from './support/api.ts'
import { startDatabaseProxy } from './support/database-proxy.ts'
import { createDatabase } from './support/database.ts'
import { seedPayments } from './support/seed-payments.ts'
import { waitFor } from './support/wait-for.ts'

const UNREADABLE = { recon_queue_readable: 0 }

function queueFigures(text: string): Record<string, number> {
  return Object.fromEntries([...text.matchAll(/^(recon_\w+) (\S+)$/gm)].map(([, name, value]) => [name, Number(value)]))
}

describe('the metrics of the queue', () => {
  let database: TestDatabase
  let proxy: DatabaseProxy
  let api: Api

  before(async () => {
    database = await createDatabase()
    proxy = await startDatabaseProxy(database.url('payments_api'))
    api = await startApi(proxy.url)
  })
  after(async () => {
    await api?.stop()
    proxy?.close()
    await database?.drop()
  })

  const scrape = async (): Promise<Record<string, number>> => {
    const { status, text } = await call(`${api.url}/metrics`)
    assert.equal(status, 200)
    assert.match(text, /^process_cpu_seconds_total /m)
    return queueFigures(text)
  }
  const waitForFigures = async (expected: Record<string, number>): Promise<void> => {
    let last = {}
    await waitFor('the metrics are as expected', async () => JSON.stringify(last = await scrape()) === JSON.stringify(expected))
      .catch(() => assert.deepEqual(last, expected))
  }

  it('are read from the database, and are left out while it is unavailable', async () => {
    await seedPayments(database, (['pending', 'pending', 'dead'] as const).map(job => ({ accountId: 'A', amount: '1.00', result: null, job })))
    const running = { recon_queue_readable: 1, recon_queue_paused: 0, recon_jobs_waiting: 2, recon_jobs_dead: 1 }
    await waitForFigures(running)
    await database.sql(`select pause_queue('operator', '')`)
    await waitForFigures({ ...running, recon_queue_paused: 1 })
    proxy.refuse()
    await waitForFigures(UNREADABLE)
    proxy.restore()
    await waitForFigures({ ...running, recon_queue_paused: 1 })
    proxy.blackhole()
    await waitForFigures(UNREADABLE)
    proxy.restore()
    await waitForFigures({ ...running, recon_queue_paused: 1 })
  })

  it('wait a bounded time for a read, and never start a second one meanwhile', async () => {
    const registry = new Registry()
    const reading = Promise.withResolvers<never>()
    let readings = 0
    registerQueueMetrics(registry, () => {
      readings++
      return reading.promise
    })
    for (let i = 0; i < 2; i++)
      assert.deepEqual(queueFigures(await registry.metrics()), UNREADABLE)
    assert.equal(readings, 1)
    reading.reject(new Error('the database is unavailable'))
    await waitFor('the queue is read again', async () => {
      await registry.metrics()
      return readings === 2
    })
  })
})
