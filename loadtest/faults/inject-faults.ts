import type { System } from '../runner/with-system.ts'
import type { Fault, Random } from './fault.ts'
import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 100

interface Hold {
  maxMs: number
  /** Ends the faults early once it returns true; asked every 100 ms. */
  until?: () => Promise<boolean>
}

/** k6 does not repeat a run from a seed. */
const unseeded: Random = {
  number: Math.random,
  integer: (min, max) => min + Math.floor(Math.random() * (max - min + 1)),
  pick: of => of[Math.floor(Math.random() * of.length)]!,
}

/** Starts the faults in order, holds them all, and stops them in reverse order, also when one of them fails. */
export async function injectFaults(faults: Fault[], system: System, { maxMs, until }: Hold, random = unseeded): Promise<void> {
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
