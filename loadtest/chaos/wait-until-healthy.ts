import type { Stack } from '../../compose/src/stack.ts'
import { setTimeout as delay } from 'node:timers/promises'

const DEADLINE_MS = 60_000
const POLL_MS = 100

/** Waits until every part runs and is healthy. Returns what still is not after 60 s, one text per part; nothing once the signal aborts. */
export async function waitUntilHealthy(stack: Stack, signal: AbortSignal): Promise<string[]> {
  const deadline = Date.now() + DEADLINE_MS
  while (!signal.aborted) {
    const unhealthy = (await stack.parts()).filter(({ state, health }) => state !== 'running' || health !== 'ok')
    if (unhealthy.length === 0)
      return []
    if (Date.now() > deadline)
      return unhealthy.map(({ name, state, health }) => `${name} is ${state}, its health: ${health}`)
    await delay(POLL_MS, null, { signal }).catch(() => {})
  }
  return []
}
