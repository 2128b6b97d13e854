import { expect, it } from 'vitest'
import { formatAxisTime, formatDuration, formatExactTime, formatPreciseTime, formatTimeAgo } from '../../app/utils/format-time'

const at = '2026-11-23T16:05:13.123Z'
const after = (ms: number) => formatTimeAgo(at, Date.parse(at) + ms)

it('formats an age in the largest unit that fits', () => {
  expect(after(0)).toBe('just now')
  expect(after(59_999)).toBe('just now')
  expect(after(60_000)).toBe('1 min. ago')
  expect(after(3 * 3_600_000 + 1)).toBe('3 hr. ago')
  expect(after(49 * 3_600_000)).toBe('2 days ago')
})

it('shows a time ahead of the clock as just now', () => {
  expect(after(-5_000)).toBe('just now')
})

it('formats the exact time in UTC', () => {
  expect(formatExactTime(at)).toBe('23 Nov 2026, 16:05:13 UTC')
})

it('formats the time to the millisecond', () => {
  expect(formatPreciseTime(at)).toBe('23 Nov 2026, 16:05:13.123 UTC')
})

it('accepts times with microseconds', () => {
  const micros = '2026-11-23T16:05:13.123987Z'
  expect(formatTimeAgo(micros, Date.parse(at) + 60_000)).toBe('1 min. ago')
  expect(formatExactTime(micros)).toBe('23 Nov 2026, 16:05:13 UTC')
  expect(formatPreciseTime(micros)).toBe('23 Nov 2026, 16:05:13.123 UTC')
})

it.each([
  [0, '0 s'],
  [0.36, '0.4 s'],
  [42, '42 s'],
  [125, '2 min 5 s'],
  [3_600, '1 h'],
  [93_784, '1 d 2 h'],
])('formats %d seconds as %s', (seconds, shown) => {
  expect(formatDuration(seconds)).toBe(shown)
})

it.each([
  [86_400, '23 Nov'],
  [300, '16:05'],
  [5, '16:05:13'],
  [0.1, '13.000'],
])('formats an axis tick with a step of %d seconds as %s', (step, shown) => {
  expect(formatAxisTime(Math.floor(Date.parse(at) / 1_000), step)).toBe(shown)
})
