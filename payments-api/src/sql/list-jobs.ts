import type { Knex } from 'knex'

export type JobStatus = 'pending' | 'completed' | 'dead'

export interface JobRow {
  payment_id: string
  status: JobStatus
  attempts: number
  last_error: string | null
  run_at: string
  locked_by: string | null
  locked_at: string | null
  created_at: string
  finished_at: string | null
}

/** Jobs of one status, those of the newest payments first. Completed ones are found by their results, the others by an index of their own. */
export async function listJobs(db: Knex, { status, limit, before }: { status: JobStatus, limit: number, before?: string | undefined }): Promise<JobRow[]> {
  const query = db('recon_jobs as j')
    .select('j.payment_id', 'j.status', 'j.attempts', 'j.last_error', 'j.run_at', 'j.locked_by', 'j.locked_at', 'j.created_at', 'j.finished_at')
    .orderBy(status === 'completed' ? 'r.payment_id' : 'j.payment_id', 'desc')
    .limit(limit)
  if (status === 'completed') {
    void query.join('reconciliation_results as r', 'r.payment_id', 'j.payment_id')
  }
  else {
    void query.whereRaw(status === 'dead' ? `j.status = 'dead'` : `j.status = 'pending' and j.status <> 'completed'`)
  } // as the partial indexes say it
  if (before !== undefined) {
    void query.where(status === 'completed' ? 'r.payment_id' : 'j.payment_id', '<', before)
  }
  return await query as JobRow[]
}
