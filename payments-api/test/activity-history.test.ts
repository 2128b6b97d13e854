import type { ActivityHistory } from '../src/domain/activity-history.ts'
import assert from 'node:assert/strict'
import { activityHistory } from '../src/domain/activity-history.ts'
import { firstUuidv7At } from '../src/domain/uuidv7.ts'
import { call } from './support/api.ts'
import { seedPayments } from './support/seed-payments.ts'
import { useApi } from './support/use-api.ts'
import { waitFor } from './support/wait-for.ts'

describe('activityHistory', () => {
  let nowMs: number
  let history: ActivityHistory

  beforeEach(() => {
    nowMs = 1_800_000_000_000
    history = activityHistory(() => nowMs)
  })

  function settle(outcome: 'matched' | 'discrepancy' | 'failed', latencyMs: number): void {
    history.recordSettled([{ id: firstUuidv7At(new Date(nowMs - latencyMs)), outcome }])
  }

  it('counts what settled in each step by outcome, with latencies and the queue as last read', () => {
    settle('matched', 10)
    settle('failed', 400)
    history.recordQueue(7)
    history.recordQueue(3)
    nowMs += 10_000
    settle('discrepancy', 20)
    assert.deepEqual(history.read('15m'), [
      { at: 1_800_000_000, settled: { matched: 1, discrepancy: 0, failed: 1 }, p50: 10.5, p95: 385.2, waiting: 3 },
      { at: 1_800_000_005, settled: { matched: 0, discrepancy: 0, failed: 0 }, p50: null, p95: null, waiting: null },
      { at: 1_800_000_010, settled: { matched: 0, discrepancy: 1, failed: 0 }, p50: 19.1, p95: 19.1, waiting: null },
    ])
    assert.equal(history.read('6h').length, 1)
    assert.deepEqual(history.read('6h')[0]!.settled, { matched: 1, discrepancy: 1, failed: 1 })
  })

  it('starts with the process, and ends a span ago', () => {
    assert.deepEqual(history.read('15m').map(({ at }) => at), [1_800_000_000])
    settle('matched', 1)
    nowMs += 15 * 60_000 - 5_000
    assert.equal(history.read('15m').length, 180)
    assert.equal(history.read('15m')[0]!.settled.matched, 1)
    nowMs += 5_000
    assert.equal(history.read('15m').length, 180)
    assert.equal(history.read('15m').at(-1)!.settled.matched, 0) // the same slot of the ring, one round later
    nowMs += 24 * 3_600_000
    assert.ok(history.read('15m').every(({ settled }) => settled.matched === 0))
    assert.equal(history.read('6h').length, 180)
  })

  it('counts what each worker settled between two readings of its counter, and from zero after a restart', () => {
    const read = (...workers: [id: string, started_at: string, settled: number][]): void =>
      history.recordWorkers(workers.map(([id, started_at, settled]) => ({ id, started_at, settled })))
    read(['a', 'monday', 1_000], ['b', 'monday', 5])
    nowMs += 5_000
    read(['a', 'monday', 1_010], ['b', 'monday', 5])
    nowMs += 10_000
    read(['a', 'monday', 1_030], ['b', 'tuesday', 3])
    const steps = [{ at: 1_800_000_000, settled: 10, settledByAll: 10 }, { at: 1_800_000_015, settled: 20, settledByAll: 23 }]
    assert.deepEqual(history.readWorker('a', '15m'), { stepSeconds: 15, steps })
    assert.deepEqual(history.readWorker('b', '15m').steps.map(({ settled }) => settled), [0, 3])
    assert.deepEqual(history.readWorker('unknown', '15m').steps.map(({ settled }) => settled), [0, 0])
    assert.deepEqual(history.readWorker('a', '6h'), { stepSeconds: 120, steps: [{ at: 1_800_000_000, settled: 30, settledByAll: 33 }] })
  })

  it('shows whole steps of a worker: the first one is left out when it began before the process or the span did', () => {
    nowMs += 5_000
    history = activityHistory(() => nowMs)
    assert.deepEqual(history.readWorker('a', '15m').steps.map(({ at }) => at), [1_800_000_000])
    nowMs += 10_000
    assert.deepEqual(history.readWorker('a', '15m').steps.map(({ at }) => at), [1_800_000_015])
    nowMs += 3_600_000
    assert.equal(history.readWorker('a', '15m').steps.length, 60)
  })

  it('keeps no more workers in a step than its limit', () => {
    for (const settled of [0, 1])
      history.recordWorkers(Array.from({ length: 300 }, (_, i) => ({ id: `w${i}`, started_at: 'monday', settled })))
    assert.equal(history.readWorker('w0', '15m').steps[0]!.settledByAll, 200)
  })
})

describe('GET /operations/workers/{workerId}', () => {
  const { database, api } = useApi()
  const get = (id: string): ReturnType<typeof call<{ worker: { id: string, state: string, replacedBy: string | null, settled: number }, stepSeconds: number, steps: { settled: number, settledByAll: number }[], detail: string }>> =>
    call(`${api.url}/operations/workers/${encodeURIComponent(id)}`)

  it('shows a worker by any name, with what it settled while the API read its counter', async () => {
    await database.sql(`insert into recon_workers (id, host, pid) values ('host/ü:1', 'h', 1), ('other', 'h', 2)`)
    await waitFor('the history has what both settled', async () => {
      await database.sql(`update recon_workers set settled = settled + 1`) // again, until the API has read it twice
      const { body } = await get('host/ü:1')
      return body.worker.id === 'host/ü:1' && body.stepSeconds === 15 && body.steps.some(step => step.settled > 0 && step.settledByAll === 2 * step.settled)
    })
  })

  it('shows one that was lost hours ago, and who took over from one that was just lost', async () => {
    await database.sql(`insert into recon_workers (id, host, pid, started_at, last_seen_at) values
      ('long ago', 'h', 3, now() - interval '9 h', now() - interval '5 h'), ('gone', 'h', 4, now() - interval '9 h', now() - interval '1 min')`)
    assert.equal((await get('long ago')).body.worker.state, 'lost')
    assert.ok(['host/ü:1', 'other'].includes((await get('gone')).body.worker.replacedBy!))
  })

  it('says how to find the workers if there is none with this id', async () => {
    const { status, body } = await get('nobody')
    assert.equal(status, 404)
    assert.match(body.detail, /^There is no worker "nobody", or it was last seen more than a week ago\. GET \/operations lists/)
    assert.equal((await get('x'.repeat(101))).status, 400)
    assert.equal((await call(`${api.url}/operations/workers/other?span=1d`)).status, 400)
  })
})

describe('GET /operations/history', () => {
  const { database, api } = useApi()

  it('shows what the workers notified, and the queue', async () => {
    const id = firstUuidv7At(new Date())
    await seedPayments(database, [{ accountId: 'ACC-1', amount: '1.00', result: null }])
    for (const span of ['15m', '6h']) {
      await waitFor('the history has the payment and the queue', async () => {
        await database.sql(`select pg_notify('payment_events', $1)`, [JSON.stringify({ completed: [id] })]) // again, until the API listens
        const { body } = await call<{ stepSeconds: number, steps: { matched: number, p50: number | null, waiting: number | null }[] }>(`${api.url}/operations/history?span=${span}`)
        return body.steps.some(step => step.matched > 0 && step.p50 !== null) && body.steps.some(step => step.waiting === 1)
      })
    }
    assert.equal((await call(`${api.url}/operations/history?span=1d`)).status, 400)
  })
})
