import { frozenPostgres } from './frozen-postgres.ts'
import { frozenWorkers } from './frozen-workers.ts'

/** Every fault that a scenario can inject. */
export const faults = [frozenPostgres, frozenWorkers] as const

export type FaultName = typeof faults[number]['name']
