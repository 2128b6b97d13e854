import type { Worker } from '#shared/types/operations'

/** A worker's state in words of the console. One that was lost and that another worker has replaced is missing no longer. */
export function workerState({ state, replacedBy }: Worker): string {
  return state === 'lost' && replacedBy ? 'replaced' : state
}

/** The workers that should be there: those that run, and those that are lost and were not replaced. */
export function expectedWorkers(workers: readonly Worker[]): Worker[] {
  return workers.filter(worker => !['stopped', 'replaced'].includes(workerState(worker)))
}
