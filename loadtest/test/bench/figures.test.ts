import type { Outcome } from '../../bench/measure.ts'
import assert from 'node:assert/strict'
import { judge, median, medians, quantile, shown } from '../../bench/figures.ts'
import { anOutcome } from './an-outcome.ts'

describe('figures', () => {
  it('takes the middle value, and the mean of the two in the middle of an even number', () => {
    assert.equal(median([10, 9, 100]), 10) // by value: as text, 10 comes before 9
    assert.equal(median([4, 1, 3, 2]), 2.5)
    assert.equal(median([7]), 7)
  })

  it('takes a quantile by its rank', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
    assert.equal(quantile(hundred, 0.5), 50)
    assert.equal(quantile(hundred, 0.99), 99)
    assert.equal(quantile(hundred, 1), 100)
    assert.equal(quantile([3], 0.5), 3)
  })

  it('takes the median of each figure by itself', () => {
    assert.deepEqual(medians([{ a: 1, b: 30 }, { a: 3, b: 10 }, { a: 2, b: 20 }]), { a: 2, b: 20 })
  })

  it('shows three digits that mean something', () => {
    assert.deepEqual([12_345.6, 99.94, 1.234, 0.5].map(shown), ['12,346', '99.9', '1.23', '0.50'])
  })
})

describe('goals', () => {
  const judged = (outcome: Outcome): [number, boolean][] => judge(outcome).map(({ value, met }) => [value, met])

  it('compares the medians and not the best rounds', () => {
    const rates = { ours: [{ rate: 20 }, { rate: 21 }, { rate: 90 }], theirs: [{ rate: 10 }, { rate: 1 }, { rate: 11 }] }
    assert.deepEqual(judged(anOutcome(rates, [{ what: '', of: 'ours', to: 'theirs', figure: 'rate', atLeast: 2 }])), [[2.1, true]])
    assert.deepEqual(judged(anOutcome(rates, [{ what: '', of: 'ours', to: 'theirs', figure: 'rate', atLeast: 2.2 }])), [[2.1, false]])
  })

  it('takes a figure by itself where there is nothing to compare it with', () => {
    assert.deepEqual(judged(anOutcome({ ours: [{ bytes: 1_501 }] }, [{ what: '', of: 'ours', figure: 'bytes', atMost: 1_500 }])), [[1_501, false]])
  })

  it('takes the worst of all figures where none is named', () => {
    const times = { many: [{ list: 3, balance: 1 }], few: [{ list: 1, balance: 1 }] }
    assert.deepEqual(judged(anOutcome(times, [{ what: '', of: 'many', to: 'few', atMost: 1.5 }])), [[3, false]])
    assert.deepEqual(judged(anOutcome(times, [{ what: '', of: 'many', to: 'few', atLeast: 1.5 }])), [[1, false]])
  })

  it('leaves a goal out when who it compares with did not run', () => {
    assert.deepEqual(judged(anOutcome({ ours: [{ rate: 1 }] }, [{ what: '', of: 'ours', to: 'pgbench', figure: 'rate', atLeast: 1 }])), [])
  })
})
