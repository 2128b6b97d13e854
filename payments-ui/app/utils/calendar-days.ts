/** The day in UTC, as YYYY-MM-DD. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

/** The last instant of a day in UTC that the database can keep, as ISO 8601. */
export function endOfDay(day: string): string {
  return `${day}T23:59:59.999999Z`
}
