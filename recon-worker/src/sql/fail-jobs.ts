import type { Knex } from 'knex'

export interface FailedAttempt {
  paymentId: string
  error: string
  /** Failed attempts, this one included. */
  attempts: number
  /** Wait before the next attempt; ignored after the last attempt. */
  backoffMs: number
}

export interface FailedJob {
  paymentId: string
  error: string
  /** 'dead' after the last attempt: only an operator can retry the job then. */
  status: 'pending' | 'dead'
}

/** Longest stored error text. */
const MAX_ERROR_CHARACTERS = 1_000

/** Counts a failed attempt for each claimed job. Returns the jobs with their new status. Without `maxAttempts`, none is dead. */
export async function failJobs(trx: Knex.Transaction, failed: FailedAttempt[], { workerId, maxAttempts }: { workerId: string, maxAttempts: number | null }): Promise<FailedJob[]> {
  const { rows } = await trx.raw<{ rows: FailedJob[] }>(`
    update recon_jobs j
       set attempts = failed.attempts, last_error = failed.error, locked_by = ?, locked_at = now(),
           run_at = now() + failed.backoff_ms * interval '1 millisecond',
           status = case when failed.attempts >= ? then 'dead' else 'pending' end,
           finished_at = case when failed.attempts >= ? then now() end
      from unnest(?::uuid[], ?::text[], ?::float[], ?::int[]) failed(payment_id, error, backoff_ms, attempts)
     where j.payment_id = failed.payment_id
    returning j.payment_id as "paymentId", j.last_error as error, j.status`, [
    workerId,
    maxAttempts,
    maxAttempts,
    failed.map(({ paymentId }) => paymentId),
    failed.map(({ error }) => error.slice(0, MAX_ERROR_CHARACTERS)),
    failed.map(({ backoffMs }) => backoffMs),
    failed.map(({ attempts }) => attempts),
  ])
  return rows
}

/** Makes claimed jobs due again after half to all of `maxDeferralMs`, at random so that they spread out. Counts no attempt. */
export async function deferJobs(trx: Knex.Transaction, paymentIds: string[], maxDeferralMs: number): Promise<void> {
  await trx.raw(`
    update recon_jobs
       set run_at = now() + ? * (0.5 + random() / 2) * interval '1 millisecond'
     where payment_id = any(?)`, [maxDeferralMs, paymentIds])
}
