import { expect, it } from 'vitest'
import { formatDuration, formatExactTime, formatPreciseTime, formatTime, formatTimeAgo } from '../../app/utils/format-time'

const at = '2026-11-23T16:05:13.123Z'
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const after = (ms: number, timeZone = 'UTC') => formatTimeAgo(at, { nowMs: Date.parse(at) + ms, timeZone })

it('formats an age in the largest unit that fits, within a day', () => {
  expect(after(0)).toBe('just now')
  expect(after(59_999)).toBe('just now')
  expect(after(MINUTE_MS)).toBe('1 min ago')
  expect(after(59 * MINUTE_MS)).toBe('59 min ago')
  expect(after(3 * HOUR_MS + 1)).toBe('3 h ago')
})

it('means the calendar day before by yesterday, in the reader\'s time zone', () => {
  expect(after(8 * HOUR_MS)).toBe('yesterday 16:05') // 00:05 on the next day
  expect(after(31 * HOUR_MS)).toBe('yesterday 16:05') // 23:05
  expect(after(32 * HOUR_MS)).toBe('2 days ago')
  expect(after(8 * HOUR_MS, 'America/New_York')).toBe('8 h ago')
  expect(after(8 * HOUR_MS, 'Asia/Kathmandu')).toBe('yesterday 21:50')
  expect(after(30 * MINUTE_MS, 'Asia/Kolkata')).toBe('30 min ago')
})

it('names the day of what is older than a week, and its year in another year', () => {
  expect(after(6 * 24 * HOUR_MS)).toBe('6 days ago')
  expect(after(7 * 24 * HOUR_MS)).toBe('23 Nov')
  expect(after(60 * 24 * HOUR_MS)).toBe('23 Nov 2026')
})

it('counts calendar days across a change to summer time', () => {
  const clock = { nowMs: Date.parse('2026-03-29T22:30:00Z'), timeZone: 'Europe/Berlin' } // 00:30 on March 30, after a day of 23 hours
  expect(formatTimeAgo('2026-03-28T23:30:00Z', clock)).toBe('yesterday 00:30')
})

it('shows a time ahead of the clock as just now', () => {
  expect(after(-5_000)).toBe('just now')
})

it('formats the exact time with its zone', () => {
  expect(formatExactTime(at, 'UTC')).toBe('23 Nov 2026, 16:05:13 UTC')
  expect(formatExactTime(at, 'Europe/Berlin')).toBe('23 Nov 2026, 17:05:13 UTC+1')
  expect(formatExactTime('2026-07-01T00:00:00Z', 'Europe/Berlin')).toBe('1 Jul 2026, 02:00:00 UTC+2')
  expect(formatExactTime(at, 'Asia/Kathmandu')).toBe('23 Nov 2026, 21:50:13 UTC+5:45')
  expect(formatExactTime(at, 'America/St_Johns')).toBe('23 Nov 2026, 12:35:13 UTC\u22123:30')
  expect(formatExactTime(at, 'Europe/London')).toBe('23 Nov 2026, 16:05:13 UTC')
})

it('formats a time as the reader wants it', () => {
  const clock = { nowMs: Date.parse(at) + MINUTE_MS, timeZone: 'Europe/Berlin' }
  expect(formatTime(at, clock)).toBe('1 min ago')
  expect(formatTime(at, { ...clock, exact: true })).toBe('23 Nov, 17:05:13')
  expect(formatTime(at, { ...clock, timeZone: 'UTC', exact: true })).toBe('23 Nov, 16:05:13 UTC')
  expect(formatTime('2025-12-31T23:30:00Z', { ...clock, exact: true })).toBe('1 Jan, 00:30:00')
  expect(formatTime('2025-11-23T16:05:13Z', { ...clock, exact: true })).toBe('23 Nov 2025, 17:05:13')
})

it('formats the time to the millisecond', () => {
  expect(formatPreciseTime(at, 'UTC')).toBe('23 Nov 2026, 16:05:13.123 UTC')
})

it('accepts times with microseconds', () => {
  const micros = '2026-11-23T16:05:13.123987Z'
  expect(formatTimeAgo(micros, { nowMs: Date.parse(at) + MINUTE_MS, timeZone: 'UTC' })).toBe('1 min ago')
  expect(formatExactTime(micros, 'UTC')).toBe('23 Nov 2026, 16:05:13 UTC')
  expect(formatPreciseTime(micros, 'UTC')).toBe('23 Nov 2026, 16:05:13.123 UTC')
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
