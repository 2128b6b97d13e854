/** The API counts jobs no further than this. */
export const MAX_COUNTED = 100_000
/** The API counts exceptions no further than this. */
export const MAX_EXCEPTIONS = 1_000

/** Formats a number that the API counted, of jobs unless `max` says otherwise: "100,000+" if there may be more. */
export function countText(count: number, max = MAX_COUNTED): string {
  return count >= max
    ? `${max.toLocaleString('en')}+`
    : count.toLocaleString('en')
}

/** Writes a count in few characters: "1,234", "12k", "100k+". */
export function shortCount(count: number): string {
  if (count >= MAX_COUNTED)
    return '100k+'
  return count < 10_000
    ? count.toLocaleString('en')
    : `${Math.floor(count / 1_000)}k`
}
