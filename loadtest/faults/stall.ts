import type { Stack } from '../../compose/src/stack.ts'
import { setTimeout as delay } from 'node:timers/promises'

/** Shorter than the timeout of a statement, so that the database cancels none. */
const LONGEST_MS = 8_000
const POLL_MS = 100

/**
 * Pauses Postgres until the API refuses payments, or for as long as a statement may wait. k6 on the same machine rarely outpaces
 * the system; a paused database guarantees overload.
 */
export async function stall(stack: Stack, api: string): Promise<void> {
  const before = await refusals(api)
  const begin = Date.now()
  try {
    stack.pause('postgres')
    while (Date.now() - begin < LONGEST_MS && await refusals(api) === before)
      await delay(POLL_MS)
  }
  finally {
    stack.resume('postgres')
  }
}

async function refusals(api: string): Promise<string | undefined> {
  const metrics = await fetch(`${api}/metrics`, { signal: AbortSignal.timeout(LONGEST_MS) }).then(answer => answer.text(), () => '')
  return /^http_request_duration_seconds_count\{method="POST",route="\/payments",status="503"\} (\d+)/m.exec(metrics)?.[1]
}
