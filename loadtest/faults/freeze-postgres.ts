import type { Fault } from './fault.ts'

/** Postgres stands still, but its connections stay open. */
export const freezePostgres = {
  name: 'freeze-postgres',
  description: 'Postgres is stopped with SIGSTOP, then resumed',
  recoveryGoalMs: 10_000,
  holdMs: [15_000, 20_000],
  modes: ['embedded', 'compose'],
  callersMaySeeErrors: true,
  targets: async () => ['postgres'],
  start: async ({ stack }, targets) => targets.forEach(part => stack.pause(part)),
  stop: async ({ stack }, targets) => targets.forEach(part => stack.resume(part)),
} as const satisfies Fault
