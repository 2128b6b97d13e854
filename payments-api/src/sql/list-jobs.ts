import type { Knex } from 'knex'
import type { Page, PagePlan, PageRequest } from './read-page.ts'
import { readPage } from './read-page.ts'

export type JobStatus = 'pending' | 'completed' | 'dead'

export interface JobRow {
  /** The payment or refund that the job settles. */
  payment_id: string
  /** The payment that it refunds; null for a payment. */
  refund_of: string | null
  status: JobStatus
  attempts: number
  last_error: string | null
  run_at: string
  locked_by: string | null
  locked_at: string | null
  created_at: string
  finished_at: string | null
}

const COLUMNS = 'payment_id, status, attempts, last_error, run_at, locked_by, locked_at, created_at, finished_at'

/** Looks up the payment or refund of a job. LIMIT 1 keeps the planner from scanning the table for all candidates instead. */
const REFUND_OF_JOB = 'left join lateral (select refund_of from payments where id = w.id limit 1) p on true'

/** How to find the jobs of each status. The conditions on a job's status repeat the predicates of the partial indexes. */
const PLANS: Record<JobStatus, { from: string, where: string, row: string, condition?: string }> = {
  // Jobs may be pruned and results never are, so a page also examines results without a job.
  completed: {
    from: 'select payment_id as id from reconciliation_results',
    where: 'true',
    row: `select w.id, j.*, p.refund_of from walk w join lateral (select ${COLUMNS} from recon_jobs where payment_id = w.id limit 1) j on true ${REFUND_OF_JOB}`,
    condition: `j.status = 'completed'`,
  },
  // The partial index also contains dead jobs.
  pending: {
    from: `select payment_id as id, ${COLUMNS} from recon_jobs`,
    where: `status <> 'completed'`,
    row: `select w.*, p.refund_of from walk w ${REFUND_OF_JOB}`,
    condition: `status = 'pending'`,
  },
  dead: {
    from: `select payment_id as id, ${COLUMNS} from recon_jobs`,
    where: `status = 'dead'`,
    row: `select w.*, p.refund_of from walk w ${REFUND_OF_JOB}`,
  },
}

/** Jobs of one status, newest payments first. */
export async function listJobs(db: Knex, status: JobStatus, page: PageRequest): Promise<Page<JobRow & { id: string }>> {
  const { from, where, row, condition } = PLANS[status]
  const plan: PagePlan = {
    walk: {
      select: from,
      where: [
        { sql: where, values: [] },
        ...(page.before === undefined ? [] : [{ sql: 'payment_id < ?', values: [page.before] }]),
      ],
      order: 'payment_id desc',
    },
    row: { select: row, order: 'w.id desc' },
    conditions: condition === undefined ? [] : [{ sql: condition, values: [] }],
  }
  return await readPage(db, plan, page)
}
