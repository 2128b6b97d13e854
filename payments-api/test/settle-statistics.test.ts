import assert from 'node:assert/strict'
import { settleStatistics } from '../src/domain/settle-statistics.ts'
import { firstUuidv7At } from '../src/domain/uuidv7.ts'

describe('settleStatistics', () => {
  it('tells the rate and the latency of the last five minutes, and forgets what is older', () => {
    let nowMs = 1_800_000_000_000
    const { record, read } = settleStatistics(() => nowMs)
    assert.deepEqual(read(), {
      windowSeconds: 1,
      settled: 0,
      settledPerSecond: 0,
      latencyMs: { p50: null, p95: null, p99: null },
    })
    for (let second = 0; second < 10; second++) {
      nowMs += 1_000
      record(Array.from({ length: 90 }, () => firstUuidv7At(new Date(nowMs - 8))))
      record(Array.from({ length: 10 }, () => firstUuidv7At(new Date(nowMs - 400))))
    }
    const { settled, settledPerSecond, windowSeconds, latencyMs } = read()
    assert.deepEqual([settled, settledPerSecond, windowSeconds], [1_000, 100, 10])
    assert.ok(latencyMs.p50! >= 8 && latencyMs.p50! <= 10, String(latencyMs.p50))
    assert.ok(latencyMs.p95! >= 400 && latencyMs.p95! <= 500, String(latencyMs.p95))
    nowMs += 295_000
    assert.equal(read().settled, 500)
    nowMs += 300_000
    assert.equal(read().settled, 0)
  })
})
