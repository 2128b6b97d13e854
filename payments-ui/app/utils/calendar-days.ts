import { localDate, zoneOffsetMs } from './format-time'

const DAY = /^\d{4}-\d{2}-\d{2}$/
export const DAY_MS = 86_400_000

/** The day in a time zone, as YYYY-MM-DD. */
export function dayOf(ms: number, timeZone = 'UTC'): string {
  return localDate(ms, timeZone).toISOString().slice(0, 10)
}

/** Whether this is a day of the calendar. Date.parse reads February 30 as March 2, so compare what it returns with the text. */
export function isDay(text: string): boolean {
  const ms = DAY.test(text)
    ? Date.parse(`${text}T00:00:00Z`)
    : Number.NaN
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text)
}

/** The start of a day in a time zone, or of a later one, as ISO 8601 in UTC. An invalid day is returned unchanged. */
export function startOfDay(day: string, plusDays = 0, timeZone = 'UTC'): string {
  return isDay(day)
    ? new Date(midnightIn(timeZone, Date.parse(`${day}T00:00:00Z`) + plusDays * DAY_MS)).toISOString()
    : day
}

/** Local midnight as a Unix time in ms, given the day's midnight in UTC. Before 1970 there are no payments, and zones had minutes of their own. */
function midnightIn(timeZone: string, utcMs: number): number {
  if (utcMs < 0)
    return utcMs
  const guess = utcMs - zoneOffsetMs(utcMs, timeZone)
  return utcMs - zoneOffsetMs(guess, timeZone) // the offset may change between the two
}

/** The last instant of a day in UTC that the database can keep, as ISO 8601. */
export function endOfDay(day: string): string {
  return `${day}T23:59:59.999999Z`
}
