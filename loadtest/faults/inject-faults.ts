import type { System } from '../runner/with-system.ts'
import type { Fault } from './fault.ts'
import { randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { createRandom } from './random.ts'

const POLL_MS = 100

interface Hold {
  maxMs: number
  /** Ends the faults early once it returns true; asked every 100 ms. */
  until?: () => Promise<boolean>
}

/**
 * Starts the faults in order, holds them all, and stops them in reverse order, also when one of them fails. Draws from a fresh seed by
 * default, because k6 does not repeat a run.
 */
export async function injectFaults(faults: Fault[], system: System, { maxMs, until }: Hold, random = createRandom(randomInt(2 ** 32))): Promise<void> {
  const hits = await Promise.all(faults.map(async fault => ({ fault, targets: await fault.targets(system, random) })))
  const deadline = Date.now() + maxMs
  await using started = new AsyncDisposableStack()
  for (const { fault, targets } of hits) {
    started.defer(() => fault.stop(system, targets))
    await fault.start(system, targets, random)
  }
  while (Date.now() < deadline && !await until?.())
    await delay(Math.min(POLL_MS, Math.max(0, deadline - Date.now())))
}
