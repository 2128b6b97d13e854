import { describe, expect, it } from 'vitest'
import { chartColumns, historyTotals, lonePoints } from '../../app/utils/chart-columns'

const step = (second: number, values = {}) => ({ startedAt: `2026-11-23T16:05:${String(second).padStart(2, '0')}.000Z`, matched: 0, discrepancy: 0, failed: 0, p50: null, p95: null, waiting: null, ...values })

describe('chartColumns', () => {
  const history = { stepSeconds: 5, steps: [step(0, { matched: 10, discrepancy: 5, failed: 5, p50: 8, p95: 12, waiting: 3 }), step(5), step(10, { matched: 1 })] }

  it('stacks the outcomes per second, and leaves out the running step', () => {
    expect(chartColumns(history)).toEqual({
      times: [Date.parse('2026-11-23T16:05:00Z') / 1_000, Date.parse('2026-11-23T16:05:05Z') / 1_000],
      failed: [1, 0],
      disputed: [2, 0],
      settled: [4, 0],
      p50: [8, null],
      p95: [12, null],
      waiting: [3, null],
    })
  })

  it('counts the running step in the totals', () => {
    expect(historyTotals(history)).toEqual({ matched: 11, discrepancy: 5, failed: 5 })
  })
})

it('finds the values that stand alone between gaps, at the ends too', () => {
  expect(lonePoints([null, 5, null, 7, 8, null, 0])).toEqual([1, 6])
  expect(lonePoints([3])).toEqual([0])
  expect(lonePoints([1, 2, undefined, null])).toEqual([])
  expect(lonePoints([])).toEqual([])
})
