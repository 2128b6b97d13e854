import type { System } from './with-system.ts'
import { countDueJobs, databaseTime, waitUntilSettled } from '../auditor/wait-until-settled.ts'
import { injectFaults } from '../faults/inject-faults.ts'
import { freezeWorkers } from '../faults/processes.ts'

/** Long enough for a backlog to grow, and shorter than the 5 s after which a frozen worker's batch loses its locks. */
const FREEZE_MS = 2_000

export interface Drain { workers: number, jobs: number, jobsPerSecond: number }

/** Scales to `workers`, freezes them while payments arrive, and measures how fast they drain the backlog. */
export async function measureDrain(system: System, workers: number): Promise<Drain> {
  const { stack, database } = system
  await stack.scale(workers)
  await injectFaults([freezeWorkers], system, { maxMs: FREEZE_MS })
  const now = await databaseTime(database)
  const startedAt = performance.now()
  const jobs = await countDueJobs(database, now)
  await waitUntilSettled(database, now)
  return { workers, jobs, jobsPerSecond: jobs / ((performance.now() - startedAt) / 1_000) }
}
