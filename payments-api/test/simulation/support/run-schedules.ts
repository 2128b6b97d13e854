import { performance } from 'node:perf_hooks'
import fc from 'fast-check'

/** The schedules of `npm test` are always the same ones. With FULL=1 there are more, from a fresh seed. */
const USUAL = { schedules: 500, seed: 1 }
const FULL_SCHEDULES = 30_000

/** SCHEDULES=100000 and SEED=7 replace either, also to repeat a run. SHRINK=0 skips the search for a smaller schedule. */
const { FULL, SCHEDULES, SEED, SHRINK } = process.env
export const isFull = FULL === '1'
const schedules = Number(SCHEDULES ?? (isFull ? FULL_SCHEDULES : USUAL.schedules))
const seed = Number(SEED ?? (isFull ? Math.floor(Math.random() * 2 ** 31) : USUAL.seed))

// The tests replace the global clock.
const realNowMs = performance.now.bind(performance)

/**
 * Simulates schedules, `share` of the usual number, until one breaks a property. Prints how many ran per second, and the seed.
 * @throws {Error} that contains the smallest schedule found that breaks a property
 */
export async function runSchedules<Scenario>(scenarios: fc.Arbitrary<Scenario>, simulate: (scenario: Scenario) => Promise<void>, { share = 1 } = {}): Promise<void> {
  const startedAtMs = realNowMs()
  const numRuns = Math.ceil(schedules * share)
  await fc.assert(fc.asyncProperty(scenarios, simulate), { numRuns, seed, endOnFailure: SHRINK === '0' })
  const seconds = (realNowMs() - startedAtMs) / 1_000
  console.log(`      ${numRuns} schedules from seed ${seed}, ${Math.round(numRuns / seconds)} per second`)
}
