import type { System } from '../runner/with-system.ts'
import type { Random } from './fault.ts'
import type { Undo } from './undo.ts'
import { setTimeout as delay } from 'node:timers/promises'

/** Draws for each round of a loop. After so many rounds they repeat. */
const ROUNDS = 1_000

/**
 * Repeats some work in the background until the fault stops. Draws beforehand what each round may draw, so that the seed's other
 * choices do not depend on how often the work ran. Ignores errors: the work meets the system that it breaks.
 */
export function repeatedly(undo: Undo, system: System, random: Random, everyMs: number, work: (draw: number) => Promise<unknown>): void {
  const draws = Array.from({ length: ROUNDS }, random.number)
  const stopped = new AbortController()
  const loop = async () => {
    for (let round = 0; !stopped.signal.aborted; round++) {
      await work(draws[round % ROUNDS]!).catch(() => {})
      await delay(everyMs, null, { signal: stopped.signal }).catch(() => {})
    }
  }
  const ended = loop()
  undo.of(system).defer(async () => {
    stopped.abort()
    await ended
  })
}
