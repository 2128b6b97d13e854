import assert from 'node:assert/strict'
import { barChart } from '../../bench/bar-chart.ts'
import { resultsPage } from '../../bench/results-page.ts'
import { anOutcome } from './an-outcome.ts'

const outcome = anOutcome({
  'ours': [{ 'settled/s': 15_000, 'bytes each': 1_490 }, { 'settled/s': 16_000, 'bytes each': 1_480 }, { 'settled/s': 14_000, 'bytes each': 1_500 }],
  'a < peer': [{ 'settled/s': 7_400 }, { 'settled/s': 7_500 }, { 'settled/s': 7_600 }],
}, [
  { what: 'to a peer', contender: 'ours', baseline: 'a < peer', figure: 'settled/s', atLeast: 2.5 },
])

describe('RESULTS.md', () => {
  const page = resultsPage({ machine: { processor: '2 x Some' }, command: 'make bench', startedAt: new Date('2026-11-25T10:00:00Z'), minutes: 31, outcomes: [outcome] })

  it('states the command, the date and the machine', () => {
    assert.match(page, /`make bench` on 2026-11-25, in 31 minutes/)
    assert.match(page, /\| processor \| 2 x Some \|/)
  })

  it('shows medians with their ratio to the first contender, and an empty cell for a missing figure', () => {
    assert.match(page, /\| settled\/s \| 15,000 \| 7,500 \(0\.50\) \|/)
    assert.match(page, /\| bytes each \| 1,490 \| {2}\|/)
  })

  it('marks a missed goal', () => {
    assert.match(page, /\| to a peer \| >= 2.5 \| 2\.00 \| \*\*no\*\* \|/)
  })

  it('lists every round', () => {
    assert.match(page, /\| ours \| settled\/s \| 15,000 \| 16,000 \| 14,000 \|/)
    assert.match(page, /\| a < peer \| settled\/s \| 7,400 \| 7,500 \| 7,600 \|/)
  })
})

describe('the chart', () => {
  const svg = barChart([{ title: 'Settled per second', outcome, figure: 'settled/s' }], 'dark')

  it('draws bars in proportion to medians, and lists the medians in its title', () => {
    assert.deepEqual([...svg.matchAll(/<rect [^>]*width="(\d+)"/g)].map(([, width]) => width), ['400', '200'])
    assert.match(svg, /<title>Settled per second: ours 15,000, a &lt; peer 7,500<\/title>/)
  })
})
