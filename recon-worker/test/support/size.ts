/** Whether the heavy tests run at their full counts: FULL=1 npm test, about ten minutes. */
export const full = process.env.FULL === '1'

/** How many of something a test takes: few of them by default, all with FULL=1. */
export function size({ usual, full: all }: { usual: number, full: number }): number {
  return full ? all : usual
}
