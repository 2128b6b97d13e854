import type { Fault, Random } from '../faults/fault.ts'
import { createRandom, deriveSeed } from '../faults/random.ts'

/** How often two faults strike at once. */
const TWO_AT_ONCE = 1 / 3
/** So that a fault strikes while payments are at every stage. */
const LOAD_BEFORE_MS = [300, 1_500] as const

/** What one round does. Each `seed` is for the draws of its fault, of the generator and so on. */
export interface RoundPlan {
  round: number
  /** How long the load runs before the faults strike. */
  loadBeforeMs: number
  faults: { fault: Fault, seed: number }[]
  /** How long the faults last. */
  holdMs: number
  generatorSeed: number
}

/**
 * Plans a round from the run's seed alone, so that a round repeats without those before it. Every fault gets its turn before one
 * strikes first again, in an order that the seed says. `faults` must not be empty.
 */
export function planRound(seed: number, round: number, faults: readonly Fault[]): RoundPlan {
  const random = createRandom(deriveSeed(seed, round))
  const turn = Math.floor((round - 1) / faults.length)
  const first = shuffled(faults, createRandom(deriveSeed(seed, 0, turn)))[(round - 1) % faults.length]!
  const others = faults.filter(fault => fault !== first)
  const isPair = random.number() < TWO_AT_ONCE
  const chosen = isPair && others.length > 0 ? [first, random.pick(others)] : [first]
  return {
    round,
    loadBeforeMs: random.integer(...LOAD_BEFORE_MS),
    faults: chosen.map((fault, i) => ({ fault, seed: deriveSeed(seed, round, i) })),
    holdMs: Math.max(...chosen.map(({ holdMs }) => random.integer(...holdMs))),
    generatorSeed: deriveSeed(seed, round, chosen.length),
  }
}

/** The faults in a drawn order: Fisher and Yates' shuffle. */
function shuffled(faults: readonly Fault[], random: Random): Fault[] {
  const order = [...faults]
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.integer(0, i);
    [order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order
}
