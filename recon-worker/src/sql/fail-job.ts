import type { Knex } from 'knex'

export interface FailedAttempt {
  paymentId: string
  error: string
  workerId: string
  maxAttempts: number
  /** Until the next attempt. Ignored after the last one. */
  backoffMs: number
}

/** Longest error text that is kept. */
const MAX_ERROR_CHARACTERS = 1_000

/** Counts an attempt that failed. Answers 'dead' after the last one: then only an operator's retry runs the job again. */
export async function failJob(trx: Knex, { paymentId, error, workerId, maxAttempts, backoffMs }: FailedAttempt): Promise<'pending' | 'dead'> {
  const { rows } = await trx.raw<{ rows: { status: 'pending' | 'dead' }[] }>(`
    update recon_jobs
       set attempts = attempts + 1, last_error = ?, locked_by = ?, locked_at = now(),
           run_at = now() + ? * interval '1 millisecond',
           status = case when attempts + 1 >= ? then 'dead' else 'pending' end,
           finished_at = case when attempts + 1 >= ? then now() end
     where payment_id = ?
    returning status`, [
    error.slice(0, MAX_ERROR_CHARACTERS),
    workerId,
    backoffMs,
    maxAttempts,
    maxAttempts,
    paymentId,
  ])
  return rows[0]!.status
}
