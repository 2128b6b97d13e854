/** Whether the heavy tests run at full counts (FULL=1 npm test), which takes about ten minutes. */
export const full = process.env.FULL === '1'

/** Returns the usual count of a heavy test, or its full count with FULL=1. */
export function size({ usual, full: all }: { usual: number, full: number }): number {
  return full ? all : usual
}
