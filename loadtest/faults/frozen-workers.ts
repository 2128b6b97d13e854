import type { Fault } from './fault.ts'

/** Every worker stands still, so payments pile up. After 5 s Postgres takes the locks of a frozen worker's batch away. */
export const frozenWorkers = {
  name: 'frozen-workers',
  targets: async ({ stack }) => (await stack.parts()).map(({ name }) => name).filter(name => name.startsWith('worker')),
  start: async ({ stack }, targets) => targets.forEach(part => stack.pause(part)),
  stop: async ({ stack }, targets) => targets.forEach(part => stack.resume(part)),
} as const satisfies Fault
