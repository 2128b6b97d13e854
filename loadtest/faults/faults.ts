import { freezePostgres } from './freeze-postgres.ts'
import { freezeWorkers } from './freeze-workers.ts'

/** Every fault that a scenario can inject. */
export const faults = [freezePostgres, freezeWorkers] as const

export type FaultName = typeof faults[number]['name']
