import type { Knex } from 'knex'
import type { QueuePauseRow } from './pause-queue.ts'

/** Counting stops here: a longer queue is reported as this long. */
export const MAX_COUNTED = 100_000

export interface QueueState extends QueuePauseRow {
  waiting: number
  dead: number
  /** Seconds that the oldest due job has been waiting; null if no job is due. */
  oldest_seconds: number | null
}

/** The length of the queue, counted in its partial indexes, and whether the queue is paused. */
export async function queueState(db: Knex): Promise<QueueState> {
  const { rows } = await db.raw<{ rows: QueueState[] }>(`
    select paused_at, paused_by, reason,
           (select count(*)::int from (select from recon_jobs where status = 'pending' limit ${MAX_COUNTED}) waiting) as waiting,
           (select count(*)::int from (select from recon_jobs where status = 'dead' limit ${MAX_COUNTED}) dead) as dead,
           (select extract(epoch from now() - run_at)::float8 from recon_jobs
             where status = 'pending' and run_at <= now() order by run_at limit 1) as oldest_seconds
      from recon_queue`)
  return rows[0]!
}
