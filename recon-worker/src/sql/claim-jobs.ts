import type { Knex } from 'knex'

export interface ClaimedJob {
  paymentId: string
  accountId: string
  /** Decimal string with all decimals of the currency. */
  amount: string
  runAt: Date
  /** Failed attempts since the queue was last resumed: resuming it gives waiting jobs all their attempts again. */
  attempts: number
}

/** Longest wait for one lock on an account. */
const LOCK_TIMEOUT_MS = 1_500
/** Longest statement, including all its waits. */
const STATEMENT_TIMEOUT_MS = 3_500
/** Age at which a transaction's last statement must have ended, so that it commits before it is 5 s old. */
const TRANSACTION_DEADLINE_MS = 4_500
/** Age of a transaction from which a statement that follows needs new bounds to end before the deadline. */
export const LATE_MS = TRANSACTION_DEADLINE_MS - STATEMENT_TIMEOUT_MS
/**
 * Bounds the later statements of the transaction, whatever the role's defaults: each takes at most 3.5 s, and none outlasts the
 * transaction's deadline. A shorter statement_timeout is kept. It is part of the claim to save a round trip.
 */
const BOUND_TRANSACTION = `
  set_config('lock_timeout', '${LOCK_TIMEOUT_MS}', true) <> ''
    and set_config('statement_timeout', greatest(1, least(
          ${STATEMENT_TIMEOUT_MS},
          nullif(1000 * extract(epoch from current_setting('statement_timeout')::interval), 0),
          ${TRANSACTION_DEADLINE_MS} - 1000 * extract(epoch from clock_timestamp() - now())))::int::text, true) <> ''`

/** The due time at which a claim starts to scan the queue; see low-water-mark.ts. */
export type LowWaterMark = Date | typeof FULL_SCAN
/** The low-water mark of a claim that scans all due jobs. */
export const FULL_SCAN = '-infinity'

export interface ClaimOptions {
  /** Most jobs to claim. */
  batchSize: number
  lowWaterMark: LowWaterMark
  /** Claim the newest due jobs, whatever the low-water mark: a new job does not wait for the backlog. Default false. */
  newestFirst?: boolean
}

/**
 * Claims due jobs, oldest first, and skips jobs that other transactions hold. Claims nothing while the queue is paused.
 * The row locks are the claim: they last until the transaction commits, rolls back or dies with its process.
 *
 * The claim skips jobs that were due before the low-water mark, and so the index entries of finished jobs that an old snapshot
 * keeps alive. Without the low-water mark, one idle reader slows claims more and more.
 *
 * LIMIT is a literal because the planner must know it. The CTE is materialized because otherwise the planner may run it twice or
 * join before it locks.
 */
export async function claimJobs(trx: Knex.Transaction, { batchSize, lowWaterMark, newestFirst = false }: ClaimOptions): Promise<ClaimedJob[]> {
  const { rows } = await trx.raw<{ rows: ClaimedJob[] }>(`
    with job as materialized (
      select payment_id, run_at, attempts, locked_at
        from recon_jobs
       where status = 'pending' and run_at <= now() and run_at >= ?
         and (select paused_at is null and ${BOUND_TRANSACTION} from recon_queue)
       order by ${newestFirst ? 'run_at desc, payment_id desc' : 'run_at, payment_id'}
       limit ${batchSize}
         for update skip locked)
    select job.payment_id as "paymentId", p.account_id as "accountId", p.amount, job.run_at as "runAt",
           case when job.locked_at < (select resumed_at from recon_queue) then 0 else job.attempts end as attempts
      from job
      join payments p on p.id = job.payment_id
     order by job.run_at, job.payment_id`, [newestFirst ? FULL_SCAN : lowWaterMark]).options({ name: `claim-${batchSize}-${newestFirst ? 'newest-' : ''}jobs` })
  return rows
}

/**
 * Sets the timeouts of a claim in a transaction that claims nothing. In one that has waited since its claim, shortens them to the
 * time that is left: transaction_timeout cannot, because Postgres disarms it once an error was caught.
 */
export async function boundTransaction(trx: Knex.Transaction): Promise<void> {
  await trx.raw(`select ${BOUND_TRANSACTION}`)
}

/** After an empty claim: returns whether due jobs remain in a running queue, which other transactions must then hold. */
export async function areJobsHeld(trx: Knex.Transaction): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: [{ held: boolean }] }>(`
    select exists (select from recon_jobs where status = 'pending' and run_at <= now())
           and (select paused_at is null from recon_queue) as held`)
  return rows[0].held
}
