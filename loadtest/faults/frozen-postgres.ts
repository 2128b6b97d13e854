import type { Fault } from './fault.ts'

/** Postgres stands still, but its connections stay open. */
export const frozenPostgres = {
  name: 'frozen-postgres',
  targets: async () => ['postgres'],
  start: async ({ stack }, targets) => targets.forEach(part => stack.pause(part)),
  stop: async ({ stack }, targets) => targets.forEach(part => stack.resume(part)),
} as const satisfies Fault
