import type { Knex } from 'knex'

/** Rows of workers that were not seen for this long are removed. */
const KEPT_DAYS = 7

export interface WorkerIdentity { id: string, host: string, pid: number }

/**
 * Registers a worker that starts. Answers whether the one that had its id before ended without saying so: whatever that
 * one held in its hands may be what killed it.
 */
export async function register(db: Knex, { id, host, pid }: WorkerIdentity): Promise<{ uncleanStop: boolean }> {
  const { rows } = await db.raw<{ rows: { unclean: boolean }[] }>(`
    with previous as (select stopped_at is null as unclean from recon_workers where id = ?),
    pruned as (delete from recon_workers where last_seen_at < now() - interval '${KEPT_DAYS} days' and id <> ?),
    started as (
      insert into recon_workers (id, host, pid) values (?, ?, ?)
          on conflict (id) do update
         set host = excluded.host, pid = excluded.pid, started_at = now(), last_seen_at = now(), stopped_at = null, settled = 0)
    select unclean from previous`, [id, id, id, host, pid])
  return { uncleanStop: rows[0]?.unclean ?? false }
}

/** Says that a worker still lives, and what it has settled since it started. */
export async function beat(db: Knex, { id, settled }: { id: string, settled: number }): Promise<void> {
  await db.raw('update recon_workers set last_seen_at = now(), settled = ? where id = ?', [settled, id])
}

/** A clean exit. */
export async function markStopped(db: Knex, { id, settled }: { id: string, settled: number }): Promise<void> {
  await db.raw('update recon_workers set stopped_at = now(), last_seen_at = now(), settled = ? where id = ?', [settled, id])
}
