import type { Knex } from 'knex'
import { MAX_COUNTED } from './queue-state.ts'

/** Which dead jobs: those whose last error is exactly this one; all where it is undefined. */
interface DeadJobs {
  error: string | undefined
}

/** Puts up to `limit` dead jobs back into the queue, those of the oldest payments first. Returns how many. */
export async function retryJobs(db: Knex, { error, limit }: DeadJobs & { limit: number }): Promise<number> {
  const { rows } = await db.raw<{ rows: { retried: number }[] }>('select retry_dead_jobs(?, ?) as retried', [limit, error ?? null])
  return rows[0]!.retried
}

/** How many dead jobs there are, up to MAX_COUNTED. */
export async function countDeadJobs(db: Knex, { error }: DeadJobs): Promise<number> {
  const { rows } = await db.raw<{ rows: { dead: number }[] }>(`
    select count(*)::int as dead
      from (select from recon_jobs
             where status = 'dead' and (?::text is null or last_error = ?)
             limit ${MAX_COUNTED}) counted`, [error ?? null, error ?? null])
  return rows[0]!.dead
}
