/** Formats a number with its noun: `1 worker`, `2 workers`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
