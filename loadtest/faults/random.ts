import type { Random } from './fault.ts'

/** Draws from a seed: the same seed gives the same draws. Source: mulberry32, by Tommy Ettinger. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const number = (): number => {
    state = (state + 0x6D2B79F5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const integer = (min: number, max: number): number => min + Math.floor(number() * (max - min + 1))
  return { number, integer, pick: of => of[integer(0, of.length - 1)]! }
}

/** A seed for each use of a run's seed, so that a round's draws do not depend on how many draws came before it. */
export function deriveSeed(seed: number, ...uses: number[]): number {
  return uses.reduce((derived, use) => createRandom(derived ^ Math.imul(use + 1, 0x9E3779B1)).integer(0, 2 ** 32 - 1), seed)
}
