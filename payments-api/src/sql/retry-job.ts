import type { Knex } from 'knex'
import type { JobRow } from './list-jobs.ts'
import { DURABLE_COMMIT } from './session.ts'

/** Puts a dead job back into the queue. Returns whether it was dead, and the job as it is now: undefined for an unknown payment. */
export async function retryJob(db: Knex, paymentId: string): Promise<{ retried: boolean, job: JobRow | undefined }> {
  const { rows: [result] } = await db.raw<{ rows: { retried: boolean }[] }>(`select retry_dead_job(?) as retried, ${DURABLE_COMMIT}`, [paymentId])
  const job = await db<JobRow>('recon_jobs')
    .where('payment_id', paymentId)
    .first('payment_id', 'status', 'attempts', 'last_error', 'run_at', 'locked_by', 'locked_at', 'created_at', 'finished_at') as JobRow | undefined
  return { retried: result?.retried ?? false, job }
}
