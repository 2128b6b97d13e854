/** The API counts no further than this. */
export const MAX_COUNTED = 100_000

/** Formats a number of jobs that the API counted: "100,000+" if there may be more. */
export function countText(count: number): string {
  return count >= MAX_COUNTED
    ? `${MAX_COUNTED.toLocaleString('en')}+`
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
