import type { Knex } from 'knex'

export interface ClaimedJob {
  paymentId: string
  /** Decimal string with all decimals of the currency. */
  amount: string
  runAt: Date
  attempts: number
}

/**
 * Longest wait for one account that another transaction has locked. Set with the claim, for the whole transaction: it
 * takes no trip more, and holds whatever the role's default is.
 */
const LOCK_TIMEOUT_MS = 1_500

/**
 * Claims up to `limit` due jobs, oldest first, and skips those that other transactions hold. Claims nothing while the
 * queue is paused. The row locks are the claim: they last until the transaction ends, however it ends.
 *
 * `since` is the low-water mark: jobs due before it are left out, and with them the dead index entries of jobs that are
 * finished but still visible to an old snapshot. Without it, one idle reader slows every claim further and further.
 *
 * The limit is a literal, so that the planner knows it. The claim is materialized, so that the planner can never run it
 * twice or join before it locks.
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

/** Whether due jobs remain in a running queue after an empty claim: other transactions hold them. */
export async function areJobsHeld(trx: Knex.Transaction): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: [{ held: boolean }] }>(`
    select exists (select from recon_jobs where status = 'pending' and run_at <= now())
           and (select paused_at is null from recon_queue) as held`)
  return rows[0].held
}
