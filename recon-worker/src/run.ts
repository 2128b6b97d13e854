import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { Outage } from './outage.ts'
import type { RunOnceOptions } from './run-once.ts'
import type { Batch } from './settle.ts'
import type { ClaimedJob } from './sql/claim-jobs.ts'
import type { Suspects } from './suspects.ts'
import type { WakeUp } from './wake-up.ts'
import { lowWaterMark } from './low-water-mark.ts'
import { refusalWindow } from './refusal-window.ts'
import { couldSettle, runOnce } from './run-once.ts'
import { faultOf, isTimeout } from './sql/database-errors.ts'
import { pauseQueue } from './sql/queue-pause.ts'

/** How long an idle worker sleeps without a notification: the longest wait of a payment when LISTEN is dead. */
const POLL_MS = 1_000
/** Conflicts in a row that are retried at once: the other transaction has committed, so the next try rarely fails. */
const CONFLICTS_AT_ONCE = 5
/** No secondary batch starts for this long after an error rolled one back: there may be no second connection. */
const SECONDARY_PAUSE_MS = 1_000
/** After a timeout, jobs whose accounts are locked are deferred for this long, not waited for. */
const SKIP_HELD_MS = 3_000
/**
 * For this long after a batch with refused jobs, batches are sifted before they are posted, and no secondary batch starts: a
 * search locks all accounts of its batch, so a second batch would only wait for it.
 */
const SIFT_FIRST_MS = 5_000
/**
 * For as long after jobs were posted one by one, batches take the newest jobs, and at most this many. Posting one by one takes
 * about 1 ms per job and holds the accounts, so a good payment would wait for the whole backlog otherwise.
 */
const NEWEST_FIRST_BATCH_SIZE = 100

export interface RunOptions extends Omit<RunOnceOptions, 'since' | 'newestFirst' | 'siftFirst' | 'skipHeld' | 'onClaimed'> {
  /** Batches that are settled at the same time while there is a backlog. */
  batchesInFlight: number
  /** Claims jobs one by one after repeated unclean stops of the worker with this id; see suspectJobs. */
  suspects: Suspects
  outage: Outage
  wakeUp: WakeUp
  /** Ends the loop once the batches in flight are done. */
  signal: AbortSignal
  onSettled: (payments: number) => void
  log: Logger
}

/**
 * Settles batches until the signal: one primary batch at a time and, while batches are full, secondary batches.
 *
 * ```mermaid
 * stateDiagram-v2
 *   [*] --> Settling
 *   Settling --> Settling: a batch was claimed, or a conflict; a full one starts a secondary batch in a free slot
 *   Settling --> Idle: nothing is due, or the queue is paused
 *   Idle --> Settling: NOTIFY, or a second has passed
 *   Settling --> Outage: any error except a data error or a conflict
 *   Outage --> Outage: the back-off is over, and the try failed
 *   Outage --> Settling: the back-off is over, and a batch was settled or could be
 * ```
 *
 * In an outage no secondary batch starts, and only the signal ends the back-off early.
 */
export async function run(db: Knex, { batchesInFlight, suspects, outage, wakeUp, signal, onSettled, log, ...options }: RunOptions): Promise<void> {
  const mark = lowWaterMark()
  const window = refusalWindow()
  const secondaries = new Set<Promise<void>>()
  let secondariesFromMs = 0
  let skipHeldUntilMs = 0
  let siftFirstUntilMs = 0
  let newestFirstUntilMs = 0
  let conflicts = 0
  signal.addEventListener('abort', wakeUp.wake)

  const isFull = (claimed: ClaimedJob[]): boolean => claimed.length === options.batchSize

  async function settleBatch(since: Date | '-infinity', batchOptions: Partial<RunOnceOptions> = {}): Promise<Batch> {
    const nowMs = performance.now()
    const batch = await runOnce(db, {
      ...options,
      since,
      siftFirst: nowMs < siftFirstUntilMs,
      skipHeld: nowMs < skipHeldUntilMs,
      onClaimed: startSecondary,
      ...nowMs < newestFirstUntilMs && { batchSize: Math.min(options.batchSize, NEWEST_FIRST_BATCH_SIZE), newestFirst: true },
      ...batchOptions,
    })
    if (batch.oneByOne)
      newestFirstUntilMs = performance.now() + SIFT_FIRST_MS
    if (batch.failed.length > 0)
      siftFirstUntilMs = performance.now() + SIFT_FIRST_MS
    for (const failed of batch.failed)
      log.error(failed, failed.status === 'dead' ? 'job is dead' : 'job failed, will be tried again')
    if (batch.settled > 0) {
      onSettled(batch.settled)
      log.info({ claimed: batch.claimed.length, settled: batch.settled }, 'batch')
    }
    if (batch.claimed[0] && nowMs >= newestFirstUntilMs)
      mark.moveTo(batch.claimed[0].runAt)
    window.add(batch)
    const why = window.verdict()
    if (why !== undefined)
      await pauseItself(why)
    return batch
  }

  /** The batch is committed: what fails here does not roll it back. The window stays, so the next batch tries again. */
  async function pauseItself(reason: string): Promise<void> {
    try {
      const paused = await pauseQueue(db, reason)
      window.clear()
      log.error({ reason }, paused ? 'the queue paused itself' : 'the queue should pause itself, and is paused already')
    }
    catch (error) {
      log.error({ err: error, reason }, 'the queue should pause itself, and could not')
    }
  }

  /** Called once a batch holds its jobs: a secondary one that claims sooner would take what the primary one is woken for. */
  function startSecondary(claimed: ClaimedJob[]): void {
    if (!isFull(claimed) || secondaries.size >= batchesInFlight - 1 || outage.reason() !== undefined
      || performance.now() < Math.max(secondariesFromMs, siftFirstUntilMs) || signal.aborted) {
      return
    }
    const secondary = settleWhileFull().finally(() => secondaries.delete(secondary))
    secondaries.add(secondary)
  }

  /** An error here rolls the secondary batch back; the primary batch meets the error again and handles it, unless it was a conflict. */
  async function settleWhileFull(): Promise<void> {
    try {
      let batch: Batch
      do
        batch = await settleBatch(mark.next())
      while (isFull(batch.claimed) && outage.reason() === undefined && !signal.aborted)
    }
    catch (error) {
      if (faultOf(error) !== 'conflict') {
        log.warn({ err: error }, 'secondary batch rolled back')
        secondariesFromMs = performance.now() + SECONDARY_PAUSE_MS
      }
      mark.lookBelow()
      wakeUp.wake()
    }
  }

  /** Nothing was claimed: recovers from an outage, or sleeps. */
  async function idle({ paused }: Batch): Promise<void> {
    if (outage.reason() !== undefined) {
      if (!await couldSettle(db, options.workerId))
        return await outage.backOff()
      outage.over()
    }
    if (paused)
      window.clear() // jobs claimed after the pause are judged afresh
    else
      await suspects.forgive()
    await wakeUp.sleep(POLL_MS)
  }

  while (!signal.aborted) {
    try {
      const alone = await suspects.next()
      const since = mark.next()
      const batch = await settleBatch(since, alone)
      conflicts = 0
      if (batch.claimed.length > 0)
        outage.over()
      else if (since === '-infinity')
        await idle(batch)
      else
        mark.lookBelow() // nothing is due above the mark: run a full claim before sleeping
    }
    catch (error) {
      mark.lookBelow()
      await suspects.rolledBack().catch((error: unknown) => log.warn({ err: error }, 'the job is still written down as held alone'))
      if (faultOf(error) === 'conflict' && ++conflicts <= CONFLICTS_AT_ONCE)
        continue
      if (isTimeout(error) && performance.now() >= skipHeldUntilMs) {
        skipHeldUntilMs = performance.now() + SKIP_HELD_MS
        log.warn({ err: error }, 'a statement timed out; deferring jobs whose accounts are locked')
        continue
      }
      await outage.backOff(error)
    }
  }
  await Promise.all(secondaries)
}
