import { localDate, zoneOffsetMs } from './format-time'

const DAY = /^\d{4}-\d{2}-\d{2}$/
export const DAY_MS = 86_400_000
/** The days that the database and the API know. They have no year 0, and no year of five digits. */
const FIRST_DAY = '0001-01-01'
const LAST_DAY = '9999-12-31'

/** The day in a time zone, as YYYY-MM-DD. */
export function dayOf(ms: number, timeZone = 'UTC'): string {
  return localDate(ms, timeZone).toISOString().slice(0, 10)
}

/** Whether this is a day of the calendar from `FIRST_DAY` to `LAST_DAY`. Date.parse reads February 30 as March 2, so compare what it returns with the text. */
export function isDay(text: string): boolean {
  const ms = DAY.test(text)
    ? Date.parse(`${text}T00:00:00Z`)
    : Number.NaN
  return !Number.isNaN(ms) && text >= FIRST_DAY && new Date(ms).toISOString().startsWith(text)
}

/** The start of a day in a time zone, or of a later one, as ISO 8601 in UTC. An invalid day is returned unchanged. */
function startOfDay(day: string, plusDays = 0, timeZone = 'UTC'): string {
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

/** The last instant before a day. Nothing is older than the first day, which has none. */
export function instantBefore(day: string): string {
  return day === FIRST_DAY
    ? startOfDay(day)
    : endOfDay(dayOf(Date.parse(day) - DAY_MS))
}

/** The API's query for a period of days in a time zone, both inclusive. The last day ends with no instant that the API can name, so it has no end. */
export function periodQuery({ from, to }: { from?: string, to?: string }, timeZone = 'UTC'): { from?: string, to?: string } {
  return {
    ...(from && { from: startOfDay(from, 0, timeZone) }),
    ...(to && to !== LAST_DAY && { to: startOfDay(to, 1, timeZone) }),
  }
}

/** What is wrong with a period, in the reader's terms: the API names instants, which nobody has typed. Empty if nothing is. */
export function periodError({ from, to }: { from: string, to: string }): string {
  const wrong = [from, to].find(day => !isDay(day))
  if (wrong !== undefined)
    return `${wrong || 'An empty text'} is not a day of the calendar. Choose days from ${FIRST_DAY} to ${LAST_DAY}.`
  return from > to ? `The first day, ${from}, is after the last, ${to}.` : ''
}
