import { formatDate, formatDay, localDate } from './format-time'

/** What large amounts are counted in. The amounts are floats: for the chart's axis only, never for a balance. */
const UNITS = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'K'],
] as const
/** Smaller amounts are written out. */
const MIN_COMPACT = 10_000
/** With more decimals than this, an amount in a unit is longer than written out. */
const MAX_UNIT_DECIMALS = 2
const DAY_S = 86_400
/** The height of a time axis: a time, and the date under it. */
export const TIME_AXIS_PX = 46

/** Labels of an axis of amounts: each different, as short as the step between them allows. */
export function axisAmounts(ticks: readonly number[]): string[] {
  const step = Math.min(...ticks.slice(1).map((tick, index) => tick - ticks[index]!))
  const largest = Math.max(...ticks.map(Math.abs))
  const [unit, letter] = UNITS.find(([size]) => largest >= MIN_COMPACT && largest >= size) ?? [1, '']
  const decimals = decimalsOf(step / unit)
  return decimals <= MAX_UNIT_DECIMALS
    ? ticks.map(tick => tick === 0 ? '0' : `${amountText(tick / unit, decimals)}${letter}`)
    : ticks.map(tick => amountText(tick, decimalsOf(step)))
}

/** Labels of an axis of milliseconds, in seconds from one second on. */
export function axisDurations(ticks: readonly number[]): string[] {
  const [size, unit] = Math.max(...ticks) >= 1_000 ? [1_000, 's'] : [1, 'ms']
  return axisAmounts(ticks.map(tick => tick / size)).map(text => `${text} ${unit}`)
}

/** The decimals that a step between ticks needs. uPlot's steps are 1, 2, 2.5 or 5 times a power of ten. */
function decimalsOf(step: number): number {
  let decimals = 0
  while (Number.isFinite(step) && decimals < 8 && Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) > 1e-6)
    decimals++
  return decimals
}

function amountText(amount: number, decimals: number): string {
  return amount.toLocaleString('en', { maximumFractionDigits: decimals }).replace('-', '\u2212')
}

/** Labels of a time axis in a time zone. The first one, and one where another day begins, has the date in a second line. Seconds since 1970. */
export function axisTimes(ticks: readonly number[], stepSeconds: number, timeZone = 'UTC'): string[] {
  return ticks.map((tick, index) => {
    const date = localDate(Math.round(tick * 1_000), timeZone)
    const before = index > 0 ? localDate(Math.round(ticks[index - 1]! * 1_000), timeZone) : undefined
    if (stepSeconds >= DAY_S) {
      return before?.getUTCFullYear() === date.getUTCFullYear()
        ? formatDay(date)
        : `${formatDay(date)}\n${date.getUTCFullYear()}`
    }
    const time = timeText(date, before, stepSeconds)
    return before && formatDate(before) === formatDate(date)
      ? time
      : `${time}\n${formatDate(date)}`
  })
}

function timeText(date: Date, before: Date | undefined, stepSeconds: number): string {
  const iso = date.toISOString()
  if (stepSeconds >= 60)
    return iso.slice(11, 16)
  if (stepSeconds >= 1)
    return iso.slice(11, 19)
  const digits = Math.min(3, decimalsOf(stepSeconds))
  const sameMinute = before?.toISOString().slice(0, 16) === iso.slice(0, 16)
  return iso.slice(sameMinute ? 17 : 11, 20 + digits)
}

/** The range of a time axis, in seconds since 1970. A single instant gets a minute around it, so that it has an axis at all. */
export function timeRange(first: number, last: number): [number, number] {
  return first === last
    ? [first - 30, first + 30]
    : [first, last]
}
