import type { Knex } from 'knex'

export interface ClaimedJob {
  paymentId: string
  /** Decimal string with all decimals of the currency. */
  amount: string
  runAt: Date
  attempts: number
}

/**
 * Longest wait for one account that another transaction has locked. The claim sets it for the whole transaction, which saves a
 * round trip and overrides the role's default.
 */
const LOCK_TIMEOUT_MS = 1_500

/**
 * Claims up to `limit` due jobs, oldest first, and skips those that other transactions hold. Claims nothing while the
 * queue is paused. The row locks are the claim: they last until the transaction ends, however it ends.
 *
 * `since` is the low-water mark: jobs due before it are left out, and with them the dead index entries of jobs that are
 * finished but still visible to an old snapshot. Without the mark, one idle reader slows claims more and more.
 *
 * The limit is a literal so that the planner knows it. The claim is materialized so that the planner neither runs it twice
 * nor joins before it locks.
 */
export async function claimJobs(trx: Knex.Transaction, { limit, since }: { limit: number, since: Date | '-infinity' }): Promise<ClaimedJob[]> {
  const { rows } = await trx.raw<{ rows: ClaimedJob[] }>(`
    with job as materialized (
      select payment_id, run_at, attempts
        from recon_jobs
       where status = 'pending' and run_at <= now() and run_at >= ?
         and (select paused_at is null and set_config('lock_timeout', '${LOCK_TIMEOUT_MS}', true) <> '' from recon_queue)
       order by run_at, payment_id
       limit ${limit}
         for update skip locked)
    select job.payment_id as "paymentId", p.amount, job.run_at as "runAt", job.attempts
      from job
      join payments p on p.id = job.payment_id
     order by job.run_at, job.payment_id`, [since]).options({ name: `claim-${limit}-jobs` })
  return rows
}

/** Whether due jobs remain after an empty claim although the queue runs: other transactions hold those jobs. */
export async function areJobsHeld(trx: Knex.Transaction): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: [{ held: boolean }] }>(`
    select exists (select from recon_jobs where status = 'pending' and run_at <= now())
           and (select paused_at is null from recon_queue) as held`)
  return rows[0].held
}
