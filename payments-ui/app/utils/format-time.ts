/** When and where the reader is. */
export interface Clock {
  nowMs: number
  /** An IANA name such as Europe/Berlin. */
  timeZone: string
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
/** Older times are shown as a date. */
const RECENT_DAYS = 7
// Not from Intl, whose names differ between the server and the browsers: both must render the same text.
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Numbers the days, by the UTC fields. */
const dayNumber = (local: Date) => Math.floor(local.getTime() / DAY_MS)

/**
 * Formats a time as its reader would say it: "3 min ago", "yesterday 16:05", "23 Nov". Days are calendar days in the reader's time
 * zone. Clocks differ, so a time after `nowMs` is "just now".
 */
export function formatTimeAgo(iso: string, { nowMs, timeZone }: Clock): string {
  const ms = Date.parse(iso)
  const sinceMs = nowMs - ms
  if (sinceMs < MINUTE_MS)
    return 'just now'
  if (sinceMs < HOUR_MS)
    return `${Math.floor(sinceMs / MINUTE_MS)} min ago`
  const then = localDate(ms, timeZone)
  const today = localDate(nowMs, timeZone)
  const days = dayNumber(today) - dayNumber(then)
  if (days === 0)
    return `${Math.floor(sinceMs / HOUR_MS)} h ago`
  if (days === 1)
    return `yesterday ${then.toISOString().slice(11, 16)}`
  if (days < RECENT_DAYS)
    return `${days} days ago`
  return then.getUTCFullYear() === today.getUTCFullYear()
    ? formatDay(then)
    : formatDate(then)
}

/** The time of day at this instant in the time zone, as the UTC fields of a Date. */
function localDate(ms: number, timeZone: string): Date {
  const fields = Object.fromEntries(zoneFormat(timeZone).formatToParts(ms).map(({ type, value }) => [type, Number(value)]))
  return new Date(Date.UTC(fields.year!, fields.month! - 1, fields.day, fields.hour, fields.minute))
}

const zoneFormats = new Map<string, Intl.DateTimeFormat>()
function zoneFormat(timeZone: string): Intl.DateTimeFormat {
  const format = zoneFormats.get(timeZone) ?? new Intl.DateTimeFormat('en', {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    hourCycle: 'h23',
    timeZone,
  })
  zoneFormats.set(timeZone, format)
  return format
}

/** "23 Nov", from the UTC fields. */
export function formatDay(date: Date): string {
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`
}

/** "23 Nov 2026", from the UTC fields. */
export function formatDate(date: Date): string {
  return `${formatDay(date)} ${date.getUTCFullYear()}`
}

/** Formats a time to the second, in UTC like the API's logs, so that the server and every browser show the same. */
export function formatExactTime(iso: string): string {
  const date = new Date(iso)
  return `${formatDate(date)}, ${date.toISOString().slice(11, 19)} UTC`
}

/** Formats a time to the millisecond, in UTC: the steps of a payment are only milliseconds apart. */
export function formatPreciseTime(iso: string): string {
  const date = new Date(iso)
  return `${formatDate(date)}, ${date.toISOString().slice(11, 23)} UTC`
}

const DURATIONS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const

/** Formats a short time: "8 ms", "1.2 s", then as formatDuration does. */
export function formatElapsed(ms: number): string {
  return ms < 1_000
    ? `${Math.round(ms)} ms`
    : formatDuration(ms / 1_000)
}

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
