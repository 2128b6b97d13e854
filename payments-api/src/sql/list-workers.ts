import type { Knex } from 'knex'

export interface WorkerRow {
  id: string
  host: string
  pid: number
  started_at: string
  last_seen_at: string
  stopped_at: string | null
  settled: string
  /** Consecutive starts after an unclean stop, including the last one. */
  unclean_stops: number
  /** By the database's clock. */
  seconds_since_seen: number
}

/** Most workers to return. */
const MAX_WORKERS = 200

/** The workers seen in the last hour, most recently started first. The one with the id `also` comes with them whenever it was seen. */
export async function listWorkers(db: Knex, { also }: { also?: string } = {}): Promise<WorkerRow[]> {
  const { rows } = await db.raw<{ rows: WorkerRow[] }>(`
    select id, host, pid, started_at, last_seen_at, stopped_at, settled, unclean_stops, extract(epoch from now() - last_seen_at)::float8 as seconds_since_seen
      from recon_workers
     where last_seen_at > now() - interval '1 hour'
        or id = ?
     order by id = ? desc, started_at desc
     limit ${MAX_WORKERS}`, [also ?? null, also ?? null])
  return rows
}
