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
