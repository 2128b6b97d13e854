import type { MeasureOutcome } from '../../bench/measure.ts'
import assert from 'node:assert/strict'
import { formatFigure, judgeGoals, median, medians, quantile } from '../../bench/figures.ts'
import { anOutcome } from './an-outcome.ts'

describe('figures', () => {
  it('computes the median, for an even number of values as the mean of the two middle ones', () => {
    assert.equal(median([10, 9, 100]), 10) // sorted as numbers: as text, 10 comes before 9
    assert.equal(median([4, 1, 3, 2]), 2.5)
    assert.equal(median([7]), 7)
  })

  it('computes a quantile by the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
    assert.equal(quantile(hundred, 0.5), 50)
    assert.equal(quantile(hundred, 0.99), 99)
    assert.equal(quantile(hundred, 1), 100)
    assert.equal(quantile([3], 0.5), 3)
  })

  it('computes the median of each figure separately', () => {
    assert.deepEqual(medians([{ a: 1, b: 30 }, { a: 3, b: 10 }, { a: 2, b: 20 }]), { a: 2, b: 20 })
  })

  it('formats numbers with up to three significant digits', () => {
    assert.deepEqual([12_345.6, 99.94, 1.234, 0.5].map(formatFigure), ['12,346', '99.9', '1.23', '0.50'])
  })
})

describe('goals', () => {
  const judged = (outcome: MeasureOutcome): [number, boolean][] => judgeGoals(outcome).map(({ value, met }) => [value, met])

  it('compare medians, not the best rounds', () => {
    const rates = { ours: [{ rate: 20 }, { rate: 21 }, { rate: 90 }], theirs: [{ rate: 10 }, { rate: 1 }, { rate: 11 }] }
    assert.deepEqual(judged(anOutcome(rates, [{ what: '', contender: 'ours', baseline: 'theirs', figure: 'rate', atLeast: 2 }])), [[2.1, true]])
    assert.deepEqual(judged(anOutcome(rates, [{ what: '', contender: 'ours', baseline: 'theirs', figure: 'rate', atLeast: 2.2 }])), [[2.1, false]])
  })

  it('judge the figure itself without a baseline', () => {
    assert.deepEqual(judged(anOutcome({ ours: [{ bytes: 1_501 }] }, [{ what: '', contender: 'ours', figure: 'bytes', atMost: 1_500 }])), [[1_501, false]])
  })

  it('judge the worst of all figures when they name none', () => {
    const times = { many: [{ list: 3, balance: 1 }], few: [{ list: 1, balance: 1 }] }
    assert.deepEqual(judged(anOutcome(times, [{ what: '', contender: 'many', baseline: 'few', atMost: 1.5 }])), [[3, false]])
    assert.deepEqual(judged(anOutcome(times, [{ what: '', contender: 'many', baseline: 'few', atLeast: 1.5 }])), [[1, false]])
  })

  it('are left out when their baseline did not run', () => {
    assert.deepEqual(judged(anOutcome({ ours: [{ rate: 1 }] }, [{ what: '', contender: 'ours', baseline: 'pgbench', figure: 'rate', atLeast: 1 }])), [])
  })
})
