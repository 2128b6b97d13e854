/** When and where the reader is. */
export interface Clock {
  nowMs: number
  /** An IANA name such as Europe/Berlin. */
  timeZone: string
  /** The reader wants exact times rather than ages. */
  exact?: boolean
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

/** Formats a time for a list or a sentence: its age, or the exact time if the reader prefers that. */
export function formatTime(iso: string, clock: Clock): string {
  if (!clock.exact)
    return formatTimeAgo(iso, clock)
  const then = localDate(Date.parse(iso), clock.timeZone)
  const sameYear = then.getUTCFullYear() === localDate(clock.nowMs, clock.timeZone).getUTCFullYear()
  return `${sameYear ? formatDay(then) : formatDate(then)}, ${then.toISOString().slice(11, 19)}${clock.timeZone === 'UTC' ? ' UTC' : ''}`
}

/** The date and time at this instant in the time zone, as the UTC fields of a Date. */
export function localDate(ms: number, timeZone: string): Date {
  if (timeZone === 'UTC')
    return new Date(ms)
  const fields = Object.fromEntries(zoneFormat(timeZone).formatToParts(ms).map(({ type, value }) => [type, Number(value)]))
  return new Date(Date.UTC(fields.year!, fields.month! - 1, fields.day, fields.hour, fields.minute, fields.second, ms - Math.floor(ms / 1_000) * 1_000))
}

const zoneFormats = new Map<string, Intl.DateTimeFormat>()
function zoneFormat(timeZone: string): Intl.DateTimeFormat {
  const format = zoneFormats.get(timeZone) ?? new Intl.DateTimeFormat('en', {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
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

/** How far the time zone is ahead of UTC at an instant, in ms. */
export function zoneOffsetMs(ms: number, timeZone: string): number {
  return localDate(ms, timeZone).getTime() - ms
}

/** "UTC", "UTC+1", "UTC−3:30". Not from Intl, whose names differ between the server and the browsers. */
function zoneName(ms: number, timeZone: string): string {
  const minutes = Math.round(zoneOffsetMs(ms, timeZone) / MINUTE_MS)
  if (minutes === 0)
    return 'UTC'
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return `UTC${minutes < 0 ? '\u2212' : '+'}${hours}${rest > 0 ? `:${String(rest).padStart(2, '0')}` : ''}`
}

/** Formats a time to the second, with its zone: "23 Nov 2026, 17:05:13 UTC+1". */
export function formatExactTime(iso: string, timeZone: string): string {
  return formatZonedTime(iso, timeZone, 19)
}

/** Formats a time to the millisecond, with its zone: the steps of a payment are only milliseconds apart. */
export function formatPreciseTime(iso: string, timeZone: string): string {
  return formatZonedTime(iso, timeZone, 23)
}

function formatZonedTime(iso: string, timeZone: string, end: number): string {
  const ms = Date.parse(iso)
  const date = localDate(ms, timeZone)
  return `${formatDate(date)}, ${date.toISOString().slice(11, end)} ${zoneName(ms, timeZone)}`
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
