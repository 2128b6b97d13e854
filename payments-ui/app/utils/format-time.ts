const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })
const exact = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'medium',
  timeStyle: 'medium',
  timeZone: 'UTC',
})
const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

/** Formats an age in the largest unit that fits: "3 min. ago". Clocks differ, so a time after `nowMs` is "just now". */
export function formatTimeAgo(iso: string, nowMs: number): string {
  const sinceMs = nowMs - Date.parse(iso)
  const unit = UNITS.find(([, ms]) => sinceMs >= ms)
  return unit
    ? relative.format(-Math.floor(sinceMs / unit[1]), unit[0])
    : 'just now'
}

/** Formats a time to the second, in UTC like the API's logs, so that the server and every browser show the same. */
export function formatExactTime(iso: string): string {
  return `${exact.format(new Date(iso))} UTC`
}

const precise = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  timeZone: 'UTC',
})

/** Formats a time to the millisecond, in UTC: the steps of a payment are only milliseconds apart. */
export function formatPreciseTime(iso: string): string {
  return `${precise.format(new Date(iso))} UTC`
}

const DURATIONS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const

/** Formats a duration in its two largest units: "2 min 5 s", "0.4 s". */
export function formatDuration(seconds: number): string {
  if (seconds < 10)
    return `${Math.max(0, Math.round(seconds * 10) / 10)} s`
  const index = DURATIONS.findIndex(([, unit]) => seconds >= unit)
  const largest = DURATIONS[index]
  if (!largest)
    return `${Math.round(seconds)} s`
  const [name, unit] = largest
  const [nextName, nextUnit] = DURATIONS[index + 1] ?? ['s', 1]
  const rest = Math.floor(seconds % unit / nextUnit)
  return rest > 0
    ? `${Math.floor(seconds / unit)} ${name} ${rest} ${nextName}`
    : `${Math.floor(seconds / unit)} ${name}`
}

const axisFormats = [
  { fromSeconds: 86_400, format: new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' }) },
  { fromSeconds: 60, format: new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' }) },
  { fromSeconds: 1, format: new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', timeZone: 'UTC' }) },
  { fromSeconds: 0, format: new Intl.DateTimeFormat('en-GB', { second: '2-digit', fractionalSecondDigits: 3, timeZone: 'UTC' }) },
]

/** Formats a tick of a time axis, as short as the step between ticks allows. Both are in seconds. */
export function formatAxisTime(seconds: number, stepSeconds: number): string {
  return axisFormats.find(({ fromSeconds }) => stepSeconds >= fromSeconds)!.format.format(seconds * 1_000)
}
