import { expect, it } from 'vitest'
import { axisAmounts, axisDurations, axisTimes, timeRange } from '../../app/utils/chart-axes'

const at = Date.parse('2026-11-23T16:05:13.000Z') / 1_000

it('labels each amount of an axis differently, as short as that allows', () => {
  expect(axisAmounts([0, 500_000, 1_000_000, 1_500_000])).toEqual(['0', '0.5M', '1M', '1.5M'])
  expect(axisAmounts([1_234_567, 1_234_569, 1_234_571])).toEqual(['1,234,567', '1,234,569', '1,234,571'])
  expect(axisAmounts([0, 0.001, 0.002, 0.003])).toEqual(['0', '0.001', '0.002', '0.003'])
  expect(axisAmounts([-20_000, -10_000, 0])).toEqual(['\u221220K', '\u221210K', '0'])
  expect(axisAmounts([0, 50, 100])).toEqual(['0', '50', '100'])
  expect(axisAmounts([42])).toEqual(['42'])
  expect(axisAmounts([])).toEqual([])
})

it('labels durations in one unit, none rounded to another tick', () => {
  expect(axisDurations([0, 2.5, 5, 7.5, 10, 12.5])).toEqual(['0 ms', '2.5 ms', '5 ms', '7.5 ms', '10 ms', '12.5 ms'])
  expect(axisDurations([0, 250, 500, 750, 1_000, 1_250])).toEqual(['0 s', '0.25 s', '0.5 s', '0.75 s', '1 s', '1.25 s'])
  expect(axisDurations([10_000, 12_500])).toEqual(['10 s', '12.5 s'])
})

it('says the day under the first time of an axis, and where another day begins', () => {
  expect(axisTimes([at - 13, at + 47], 60)).toEqual(['16:05\n23 Nov 2026', '16:06'])
  const midnight = Date.parse('2026-11-24T00:00:00Z') / 1_000
  expect(axisTimes([midnight - 3_600, midnight, midnight + 3_600], 3_600)).toEqual(['23:00\n23 Nov 2026', '00:00\n24 Nov 2026', '01:00'])
  expect(axisTimes([midnight, midnight + 86_400], 86_400)).toEqual(['24 Nov\n2026', '25 Nov'])
})

it('says the minute too when the ticks are less than a second apart', () => {
  expect(axisTimes([at, at + 0.2], 0.2)).toEqual(['16:05:13.0\n23 Nov 2026', '13.2'])
  expect(axisTimes([at + 46.5, at + 47.0], 0.5)).toEqual(['16:05:59.5\n23 Nov 2026', '16:06:00.0'])
})

it('shows a minute around a single instant', () => {
  expect(timeRange(at, at)).toEqual([at - 30, at + 30])
  expect(timeRange(at, at + 5)).toEqual([at, at + 5])
})
