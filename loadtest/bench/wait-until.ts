import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 20

/** Polls the condition until it holds. Throws after `timeoutMs`, and when the signal aborts. */
export async function waitUntil(what: string, condition: () => Promise<boolean>, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!await condition()) {
    if (performance.now() > deadline)
      throw new Error(`timed out after ${timeoutMs / 1_000} s, waiting until ${what}`)
    await delay(POLL_MS, undefined, { signal })
  }
}
