import type { Knex } from 'knex'
import { MAX_COUNTED } from './queue-state.ts'
import { DURABLE_COMMIT } from './session.ts'

/** Which dead jobs to retry: those with exactly this last error, or all if it is undefined. */
interface DeadJobs {
  error: string | undefined
}

/** Puts up to `limit` dead jobs back into the queue, oldest payments first. Returns their number. */
export async function retryJobs(db: Knex, { error, limit }: DeadJobs & { limit: number }): Promise<number> {
  const { rows } = await db.raw<{ rows: { retried: number }[] }>(`select retry_dead_jobs(?, ?) as retried, ${DURABLE_COMMIT}`, [limit, error ?? null])
  return rows[0]!.retried
}

/** The number of dead jobs, counted up to MAX_COUNTED. */
export async function countDeadJobs(db: Knex, { error }: DeadJobs): Promise<number> {
  const { rows } = await db.raw<{ rows: { dead: number }[] }>(`
    select count(*)::int as dead
      from (select from recon_jobs
             where status = 'dead' and (?::text is null or last_error = ?)
             limit ${MAX_COUNTED}) counted`, [error ?? null, error ?? null])
  return rows[0]!.dead
}
