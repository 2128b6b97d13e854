import type { Knex } from 'knex'
import type { JobRow } from './list-jobs.ts'
import { DURABLE_COMMIT } from './session.ts'

/** Puts the dead job of a payment or refund back into the queue. Returns whether it was dead, and the job as it is now: undefined for an unknown id. */
export async function retryJob(db: Knex, paymentId: string): Promise<{ retried: boolean, job: JobRow | undefined }> {
  const { rows: [result] } = await db.raw<{ rows: { retried: boolean }[] }>(`select retry_dead_job(?) as retried, ${DURABLE_COMMIT}`, [paymentId])
  const { rows: [job] } = await db.raw<{ rows: JobRow[] }>(`
    select j.payment_id, p.refund_of, j.status, j.attempts, j.last_error, j.run_at, j.locked_by, j.locked_at, j.created_at, j.finished_at
      from recon_jobs j
      left join payments p on p.id = j.payment_id
     where j.payment_id = ?`, [paymentId])
  return { retried: result?.retried ?? false, job }
}
