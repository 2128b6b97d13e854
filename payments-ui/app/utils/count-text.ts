/** The API counts no further than this. */
const MAX_COUNTED = 100_000

/** Formats a number of jobs that the API counted: "100,000+" if there may be more. */
export function countText(count: number): string {
  return count >= MAX_COUNTED
    ? `${MAX_COUNTED.toLocaleString('en')}+`
    : count.toLocaleString('en')
}
