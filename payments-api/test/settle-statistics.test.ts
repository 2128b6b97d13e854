import assert from 'node:assert/strict'
import { settleStatistics } from '../src/domain/settle-statistics.ts'
import { firstUuidv7At } from '../src/domain/uuidv7.ts'

const DAY_MS = 86_400_000

describe('settleStatistics', () => {
  let nowMs: number
  let statistics: ReturnType<typeof settleStatistics>

  beforeEach(() => {
    nowMs = 1_800_000_000_500
    statistics = settleStatistics(() => nowMs)
  })

  /** Settles this number of payments now, each this long after it was accepted. */
  function settle(payments: number, latencyMs = 8): void {
    statistics.record(Array.from({ length: payments }, () => firstUuidv7At(new Date(nowMs - latencyMs))))
  }

  it('reports rate and latency of the last five minutes, without older payments', () => {
    assert.deepEqual(statistics.read(), {
      windowSeconds: 1,
      settled: 0,
      settledPerSecond: 0,
      now: { windowSeconds: 1, settled: 0, settledPerSecond: 0 },
      latencyMs: { p50: null, p95: null, p99: null, longest: null },
    })
    for (let second = 0; second < 10; second++) {
      nowMs += 1_000
      settle(90)
      settle(10, 400)
    }
    const { settled, settledPerSecond, windowSeconds } = statistics.read()
    assert.deepEqual([settled, settledPerSecond, windowSeconds], [1_000, 100, 10])
    nowMs += 295_000
    assert.equal(statistics.read().settled, 500)
    nowMs += 300_000
    assert.deepEqual([statistics.read().settled, statistics.read().latencyMs.longest], [0, null])
  })

  it('reports the current rate, not the rate of minutes ago', () => {
    for (let second = 0; second < 200; second++) {
      nowMs += 1_000
      settle(100)
    }
    const busy = statistics.read().now
    assert.equal(busy.windowSeconds, 10)
    assert.ok(Math.abs(busy.settledPerSecond - 100) <= 10, String(busy.settledPerSecond))
    nowMs += 10_000
    assert.deepEqual(statistics.read().now, { windowSeconds: 10, settled: 0, settledPerSecond: 0 })
    assert.ok(statistics.read().settledPerSecond > 90)
  })

  it('does not round a slow rate to 0', () => {
    nowMs += 250_000
    settle(1)
    assert.equal(statistics.read().settledPerSecond, 0.004)
    settle(4)
    assert.equal(statistics.read().settledPerSecond, 0.02)
  })

  it('reports percentiles within 5 % or 1 ms, for latencies from 0 to two years', () => {
    for (const latencyMs of [0, 1, 2, 3, 7, 8, 10, 11, 15, 99, 100, 125, 999, 4_321, 60_000, 3_600_000, 3 * DAY_MS, 399 * DAY_MS, 730 * DAY_MS]) {
      statistics.restart()
      settle(98, latencyMs)
      settle(2, latencyMs * 3)
      const { p50, p95, p99, longest } = statistics.read().latencyMs
      assert.equal(longest, latencyMs * 3)
      if (latencyMs > 400 * DAY_MS) // beyond the last bucket with a middle
        assert.deepEqual([p50, p95, p99], [longest, longest, longest])
      else
        assert.deepEqual([p50, p95, p99].map((ms, i) => isNear(ms!, i < 2 ? latencyMs : latencyMs * 3)), [true, true, true], `${latencyMs}: ${p50} ${p95} ${p99}`)
      assert.ok([p50, p95, p99].every(ms => ms! <= longest))
    }
  })

  it('counts a latency of 0 for a payment from the future, accepted under another clock', () => {
    settle(1, -5_000)
    assert.deepEqual(statistics.read().latencyMs, { p50: 0, p95: 0, p99: 0, longest: 0 })
  })

  it('starts over after notifications were missed, so that a gap does not lower the rate', () => {
    nowMs += 100_000
    settle(50)
    statistics.restart()
    nowMs += 2_000
    settle(20)
    const { settled, settledPerSecond, windowSeconds } = statistics.read()
    assert.deepEqual([settled, settledPerSecond, windowSeconds], [20, 10, 2])
  })
})

function isNear(reportedMs: number, trueMs: number): boolean {
  return Math.abs(reportedMs - trueMs) <= Math.max(1, trueMs * 0.05)
}
