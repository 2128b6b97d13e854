import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 20

/** Asks until it is so. Throws when it is not by the deadline, or when the signal comes. */
export async function until(what: string, condition: () => Promise<boolean>, deadlineMs: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + deadlineMs
  while (!await condition()) {
    if (performance.now() > deadline)
      throw new Error(`waited ${deadlineMs / 1_000} s in vain until ${what}`)
    await delay(POLL_MS, undefined, { signal })
  }
}
