import type { Knex } from 'knex'
import type { ClaimedJob } from './claim-jobs.ts'

export const DIED_WITH_IT = 'the worker died while it was settling this job alone'

/**
 * Takes the oldest due job and counts the attempt before it is made: committed, so that it counts even if the job kills
 * this process. Meanwhile its backoff keeps it from the other workers. A job that has used up its attempts is dead
 * instead. Undefined when nothing is due.
 */
export async function takeAlone(db: Knex, { workerId, maxAttempts, backoffMs }: { workerId: string, maxAttempts: number, backoffMs: number }): Promise<{ paymentId: string, status: 'pending' | 'dead' } | undefined> {
  const { rows } = await db.raw<{ rows: { paymentId: string, status: 'pending' | 'dead' }[] }>(`
    with job as materialized (
      select payment_id
        from recon_jobs
       where status = 'pending' and run_at <= now()
       order by run_at, payment_id
       limit 1
         for update skip locked)
    update recon_jobs j
       set attempts = least(j.attempts + 1, ?), last_error = ?, locked_by = ?, locked_at = now(),
           run_at = now() + ? * interval '1 millisecond',
           status = case when j.attempts >= ? then 'dead' else 'pending' end,
           finished_at = case when j.attempts >= ? then now() end
      from job
     where j.payment_id = job.payment_id
    returning j.payment_id as "paymentId", j.status`, [maxAttempts, DIED_WITH_IT, workerId, backoffMs, maxAttempts, maxAttempts])
  return rows[0]
}

/** Gives the attempt back when what stopped it was not the job: it can be taken again at once. */
export async function giveBack(db: Knex, paymentId: string): Promise<void> {
  await db.raw(`update recon_jobs set attempts = attempts - 1, last_error = null, run_at = now() where payment_id = ? and status = 'pending' and attempts > 0`, [paymentId])
}

/** Says why an attempt alone failed that the job itself may be to blame for. */
export async function explainAttempt(db: Knex, paymentId: string, error: string): Promise<void> {
  await db.raw(`update recon_jobs set last_error = ? where payment_id = ? and status = 'pending'`, [error, paymentId])
}

/**
 * Takes back the attempt that was counted in advance, within the transaction that makes it, and claims the job there.
 * Undefined if it is not waiting any more: this worker was stopped for longer than the backoff, and another one had it.
 */
export async function takeBack(trx: Knex.Transaction, paymentId: string): Promise<ClaimedJob | undefined> {
  const { rows } = await trx.raw<{ rows: ClaimedJob[] }>(`
    update recon_jobs j
       set attempts = j.attempts - 1, last_error = null
      from payments p
     where j.payment_id = ? and j.status = 'pending' and j.attempts > 0 and p.id = j.payment_id
    returning j.payment_id as "paymentId", p.amount, j.run_at as "runAt", j.attempts`, [paymentId])
  return rows[0]
}
