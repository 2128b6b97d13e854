import { vi } from 'vitest'

/** Vitest's own 1 s is too short for a page on a machine that also runs the other checks. */
const TIMEOUT_MS = 10_000

/** Repeats `assertion` until it no longer throws, for at most 10 s, and returns its result. */
export function eventually<T>(assertion: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(assertion, { timeout: TIMEOUT_MS })
}
