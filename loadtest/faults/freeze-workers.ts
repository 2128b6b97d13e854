import type { Fault } from './fault.ts'

/** Every worker stands still, so payments pile up. After 5 s Postgres takes the locks of a frozen worker's batch away. */
export const freezeWorkers = {
  name: 'freeze-workers',
  description: 'every worker is stopped with SIGSTOP, then resumed',
  recoveryGoalMs: 3_000,
  holdMs: [15_000, 20_000],
  modes: ['embedded', 'compose'],
  callersMaySeeErrors: false,
  targets: async ({ stack }) => (await stack.parts()).map(({ name }) => name).filter(name => name.startsWith('worker')),
  start: async ({ stack }, targets) => targets.forEach(part => stack.pause(part)),
  stop: async ({ stack }, targets) => targets.forEach(part => stack.resume(part)),
} as const satisfies Fault
