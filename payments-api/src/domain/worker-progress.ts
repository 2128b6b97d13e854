/** A worker's counter, as read from its row. */
export interface WorkerCounter {
  id: string
  /** ISO 8601. */
  started_at: string
  /** Payments settled since it started. */
  settled: number | string
}

/**
 * Returns a function that turns each reading of the workers' counters into what each has settled since the previous reading. A worker
 * that restarted counts from zero. The first reading of a worker has nothing to compare with, so it counts as nothing.
 */
export function workerProgress(): (workers: readonly WorkerCounter[]) => Map<string, number> {
  let previous = new Map<string, WorkerCounter>()
  return (workers) => {
    const progress = new Map(workers.map((worker) => {
      const before = previous.get(worker.id)
      const counted = before?.started_at === worker.started_at ? Number(before.settled) : 0
      return [worker.id, before ? Number(worker.settled) - counted : 0]
    }))
    previous = new Map(workers.map(worker => [worker.id, worker]))
    return progress
  }
}
