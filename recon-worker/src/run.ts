import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { RunOnceOptions } from './run-once.ts'
import type { Batch } from './settle.ts'
import type { ClaimedJob } from './sql/claim-jobs.ts'
import type { WakeUp } from './wake-up.ts'
import { runAlone, runOnce } from './run-once.ts'
import { isConflict, isTransient } from './sql/database-errors.ts'

/** How long an idle worker sleeps when no notification comes: the most that a payment waits when LISTEN is dead. */
const POLL_MS = 1_000
/** A claim that looks at all jobs, and not only at those since the low-water mark, at least this often. */
const FULL_CLAIM_EVERY_MS = 5_000
/**
 * How far below the oldest job of the last batch the mark is: what is committed later than this, or given back by another
 * worker, waits for the next full claim. Each claim walks over what finished since the mark: at 10,000 a second, 2 s are
 * 20,000 jobs, and a quarter of the rate.
 */
const LOW_WATER_SLACK_MS = 500
/** Deadlocks and serialization failures in a row that are tried again at once: the winner has committed, so the next try rarely fails. */
const CONFLICTS_AT_ONCE = 5
const ERROR_BACKOFF_MIN_MS = 100
const ERROR_BACKOFF_MAX_MS = 5_000
/** Batches that this worker has in hand at most: its own and, while there is a backlog, one beside it. */
const BATCHES_AT_ONCE = 2
/** After one beside was rolled back, none for this long: there may be no second connection, and each try costs a claim of all. */
const BESIDE_PAUSE_MS = 1_000
/** Batches that fail one after the other, for a reason that may be one of their jobs, before they are taken apart. */
const FAILURES_BEFORE_ALONE = 3

export interface RunOptions extends Omit<RunOnceOptions, 'since' | 'beside' | 'onClaimed'> {
  /** Registers this worker. Answers whether the one with its id before ended without saying so. */
  register: () => Promise<{ uncleanStop: boolean }>
  wakeUp: WakeUp
  /** Ends the loop after what is under way. */
  signal: AbortSignal
  onSettled: (payments: number) => void
  log: Logger
}

/**
 * Settles batches while there are any, then sleeps until it is woken or a second has passed. Ends when told to.
 * While batches are full, a second one is settled beside each, if that is worth it (see claimJobs).
 * After an unclean stop, and when batches fail again and again, it takes as many jobs one by one as it may have had in
 * hand: one of them may be the cause.
 */
export async function run(db: Knex, { register, wakeUp, signal, onSettled, log, ...options }: RunOptions): Promise<void> {
  let alone: number | undefined // jobs still to be taken alone; undefined until registered
  let since: Date | '-infinity' = '-infinity'
  let fullClaimAtMs = 0
  let failures = 0
  let conflicts = 0
  let suspicious = 0 // failures in a row that a job may be to blame for
  let beside: Promise<void> | undefined // settles the second batch, while there is one
  let besideFromMs = 0
  const inHand = BATCHES_AT_ONCE * options.batchSize
  signal.addEventListener('abort', wakeUp.wake)

  function report(batch: Batch): void {
    for (const failed of batch.failed)
      log.error(failed, failed.status === 'dead' ? 'job is dead' : 'job failed, will be tried again')
    if (batch.settled > 0) {
      onSettled(batch.settled)
      log.info({ claimed: batch.claimed.length, settled: batch.settled }, 'batch')
    }
  }

  /** What goes wrong here is rolled back and left to the loop, which meets it again and knows what to do. */
  async function settleBeside(): Promise<void> {
    try {
      let batch: Batch
      do {
        batch = await runOnce(db, { ...options, since, beside: true })
        report(batch)
      } while (batch.claimed.length === options.batchSize && !signal.aborted)
    }
    catch (error) {
      log.warn({ err: error }, 'the batch beside was rolled back')
      besideFromMs = performance.now() + BESIDE_PAUSE_MS
      fullClaimAtMs = 0 // its jobs may be below the mark by now
      wakeUp.wake()
    }
    beside = undefined
  }

  /** Called when the own batch has its place: begun before, the one beside would take that, and several workers have too many in hand. */
  function startBeside(own: ClaimedJob[]): void {
    if (own.length === options.batchSize && failures === 0 && performance.now() >= besideFromMs && !signal.aborted)
      beside ??= settleBeside()
  }

  while (!signal.aborted) {
    try {
      if (alone === undefined) {
        const { uncleanStop } = await register()
        alone = uncleanStop ? inHand : 0
        if (uncleanStop)
          log.warn('the worker with this id did not stop cleanly; starting with one job at a time')
      }

      const full: boolean = since === '-infinity' || performance.now() >= fullClaimAtMs
      if (full)
        fullClaimAtMs = performance.now() + FULL_CLAIM_EVERY_MS
      const batch: Batch = alone > 0
        ? await runAlone(db, options)
        : await runOnce(db, { ...options, since: full ? '-infinity' : since, onClaimed: startBeside })
      failures = 0
      conflicts = 0
      suspicious = 0
      report(batch)

      const oldest = batch.claimed[0]
      if (alone > 0) {
        alone = oldest || batch.failed.length > 0 ? alone - 1 : 0
        continue
      }
      if (oldest) {
        since = new Date(oldest.runAt.getTime() - LOW_WATER_SLACK_MS)
        continue // more may be waiting; an empty claim will tell
      }
      if (full)
        await wakeUp.sleep(POLL_MS)
      else
        fullClaimAtMs = 0 // nothing above the mark: it looks at all before it sleeps
    }
    catch (error) {
      since = '-infinity'
      if (isConflict(error) && ++conflicts <= CONFLICTS_AT_ONCE)
        continue
      if (!isTransient(error) && ++suspicious >= FAILURES_BEFORE_ALONE && alone === 0) {
        alone = inHand
        log.warn('batches fail again and again; going on with one job at a time')
      }
      const waitMs = Math.min(ERROR_BACKOFF_MIN_MS * 2 ** failures++, ERROR_BACKOFF_MAX_MS)
      log.error({ err: error, waitMs }, 'batch rolled back, will be tried again')
      await wakeUp.sleep(waitMs)
    }
  }
  await beside
}
