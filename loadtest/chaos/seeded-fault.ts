import type { Fault } from '../faults/fault.ts'
import { setTimeout as delay } from 'node:timers/promises'
import { createRandom } from '../faults/random.ts'

/** A part that another fault killed has no process for a moment. */
const STOP_TRIES = 20
const STOP_EVERY_MS = 500

/** What a fault of a round hit. */
export interface Strike {
  name: string
  targets: string[]
  /** Why it could not start: another fault of the round may have taken its target away. */
  failed?: string
}

/**
 * The fault as a round uses it: with draws of its own, which a second fault does not change, and reporting when it starts. Failing to
 * start does not end the round, and stop() is tried for 10 s.
 */
export function seededFault(fault: Fault, seed: number, onStart: (strike: Strike) => void): Fault {
  const random = createRandom(seed)
  return {
    ...fault,
    targets: system => fault.targets(system, random),
    start: async (system, targets) => {
      const strike: Strike = { name: fault.name, targets }
      onStart(strike)
      await fault.start(system, targets, random).catch((error: Error) => void (strike.failed = error.message))
    },
    stop: async (system, targets) => {
      for (let tried = 1; ; tried++) {
        try {
          return await fault.stop(system, targets)
        }
        catch (error) {
          if (tried === STOP_TRIES)
            throw error
          await delay(STOP_EVERY_MS)
        }
      }
    },
  }
}
