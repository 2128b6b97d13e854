import type { Fault } from './fault.ts'
import { withoutShim } from './needs.ts'
import { SLOW } from './processes.ts'

const HOUR_S = 3_600

const common = { holdMs: [5_000, 15_000], modes: ['embedded'], callersMaySeeErrors: false, unavailable: withoutShim, recoveryGoalMs: SLOW } as const

/**
 * Steps back when it starts and forward when it stops. The other way round, payments would have settled in the future, which an
 * invariant rightly refuses.
 */
export const stepDatabaseClock: Fault = {
  ...common,
  name: 'step-database-clock',
  description: 'Postgres\'s clock is set back by an hour, then forward again',
  callersMaySeeErrors: true, // Postgres measures its timeouts by this clock: a step forward ends what runs at that moment
  targets: async () => ['postgres'],
  start: async ({ tampering }) => tampering!.stepClock('postgres', -HOUR_S),
  stop: async ({ tampering }) => tampering?.stepClock('postgres', 0),
}

export const stepWorkerClock: Fault = {
  ...common,
  name: 'step-worker-clock',
  description: 'the workers\' clock is an hour ahead or behind, then right again',
  targets: async (_, random) => [random.pick(['an hour ahead', 'an hour behind'])],
  start: async ({ tampering }, [step]) => tampering!.stepClock('worker', step === 'an hour ahead' ? HOUR_S : -HOUR_S),
  stop: async ({ tampering }) => tampering?.stepClock('worker', 0),
}
