import type { Knex } from 'knex'

/** A worker's row is deleted once the worker has not been seen for this long. */
const KEPT_DAYS = 7

export interface WorkerIdentity { id: string, host: string, pid: number }

export interface Registration {
  /** Consecutive starts with this id, including this one, that followed an unclean stop. */
  uncleanStops: number
  /** The job held alone at the last unclean stop; null if there was none. */
  stoppedWith: string | null
  /** Consecutive unclean stops with that job held alone. */
  stoppedWithIt: number
  /** When this worker started, on the database's clock. */
  startedAt: Date
}

/**
 * Registers a starting worker and returns how earlier workers with the same id ended. With `blameHeldJob` false, a job held
 * alone at the last unclean stop does not count as its cause.
 */
export async function register(db: Knex, { id, host, pid, blameHeldJob = true }: WorkerIdentity & { blameHeldJob?: boolean }): Promise<Registration> {
  const { rows } = await db.raw<{ rows: [Registration] }>(`
    with pruned as (
      delete from recon_workers
       where last_seen_at < now() - interval '${KEPT_DAYS} days' and id <> ?)
    insert into recon_workers as w (id, host, pid) values (?, ?, ?)
        on conflict (id) do update
       set host = excluded.host, pid = excluded.pid, started_at = now(), last_seen_at = now(), stopped_at = null, settled = 0,
           unclean_stops = case when w.stopped_at is null then w.unclean_stops + 1 else 0 end,
           stopped_with = case when w.stopped_at is null and ? then w.held_alone end,
           stopped_with_it = case
             when w.stopped_at is not null or w.held_alone is null or not ? then 0
             when w.held_alone = w.stopped_with then w.stopped_with_it + 1
             else 1
           end,
           held_alone = null
    returning unclean_stops as "uncleanStops", stopped_with as "stoppedWith", stopped_with_it as "stoppedWithIt", started_at as "startedAt"`, [id, id, host, pid, blameHeldJob, blameHeldJob])
  return rows[0]
}

/** Records the job that this worker is about to settle alone; null clears it. */
export async function holdAlone(db: Knex, { id, paymentId }: { id: string, paymentId: string | null }): Promise<void> {
  await db.raw('update recon_workers set held_alone = ? where id = ?', [paymentId, id])
}

/**
 * Forgets this worker's unclean stops once every job that was due at its start has settled or waits for its next attempt. Until
 * then, one of those jobs may have ended the previous worker. Returns whether the stops are forgotten.
 */
export async function forgiveUncleanStops(db: Knex, id: string): Promise<boolean> {
  const { rows } = await db.raw<{ rows: unknown[] }>(`
    update recon_workers w
       set unclean_stops = 0, held_alone = null, stopped_with = null, stopped_with_it = 0
     where id = ?
       and not exists (select from recon_jobs j where j.status = 'pending' and j.run_at <= w.started_at)
    returning 1`, [id])
  return rows.length > 0
}

/**
 * Declares a poison job dead and keeps its previous error in the text. Returns false, and changes nothing, if the job is settled or
 * another worker holds it.
 */
export async function buryJob(db: Knex, { paymentId, workerId, error }: { paymentId: string, workerId: string, error: string }): Promise<boolean> {
  const { rows } = await db.raw<{ rows: unknown[] }>(`
    with job as materialized (
      select payment_id from recon_jobs where payment_id = ? and status = 'pending' for update skip locked)
    update recon_jobs j
       set status = 'dead', attempts = j.attempts + 1, last_error = concat_ws('; before that: ', ?::text, j.last_error),
           locked_by = ?, locked_at = now(), finished_at = now()
      from job
     where j.payment_id = job.payment_id
    returning 1`, [paymentId, error, workerId])
  return rows.length > 0
}

/** Records that a worker is alive, and how many payments it has settled since its start. */
export async function beat(db: Knex, { id, settled }: { id: string, settled: number }): Promise<void> {
  await db.raw('update recon_workers set last_seen_at = now(), settled = ? where id = ?', [settled, id])
}

/** Records a clean stop. */
export async function markStopped(db: Knex, { id, settled }: { id: string, settled: number }): Promise<void> {
  await db.raw('update recon_workers set stopped_at = now(), last_seen_at = now(), settled = ? where id = ?', [settled, id])
}
