import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { BatchModes } from './batch-modes.ts'
import type { LowWaterMarkTracker } from './low-water-mark.ts'
import type { RunOnceOptions } from './run-once.ts'
import type { SelfPause } from './self-pause.ts'
import type { Batch } from './settle-jobs.ts'
import { runOnce } from './run-once.ts'

/** The options that all batches of a worker share. */
export type SharedOptions = Pick<RunOnceOptions, 'workerId' | 'batchSize' | 'maxAttempts'>

/** The options of one batch. */
export type BatchOptions = Pick<RunOnceOptions, 'lowWaterMark' | 'onClaimed' | 'newestFirst'> & Partial<Pick<RunOnceOptions, 'batchSize'>>

export type SettleBatch = (options: BatchOptions) => Promise<Batch>

export interface BatchSettlerDeps {
  db: Knex
  options: SharedOptions
  modes: BatchModes
  lowWaterMark: LowWaterMarkTracker
  selfPause: SelfPause
  /** Called after each commit with the number of payments that it settled. */
  onSettled: (payments: number) => void
  log: Logger
}

/**
 * Returns the function that settles one batch, primary or secondary, and lets the worker learn from it: the batch modes, the
 * low-water mark and the refusal window. It throws what runOnce throws; the batch is rolled back then and nothing is learned.
 */
export function batchSettler({ db, options, modes, lowWaterMark, selfPause, onSettled, log }: BatchSettlerDeps): SettleBatch {
  return async (batchOptions) => {
    const startedAtMs = performance.now()
    const batch = await runOnce(db, { ...options, ...modes.options(options.batchSize, startedAtMs), ...batchOptions, willPause: selfPause.willPause })
    if (batch.oneByOne)
      modes.turnOn('newestFirst')
    if (batch.failed.length > 0)
      modes.turnOn('siftFirst')
    logBatch(log, batch)
    if (batch.settled > 0)
      onSettled(batch.settled)
    // The newest jobs say nothing about where the oldest ones begin.
    if (batch.claimed[0] && !modes.isOn('newestFirst', startedAtMs))
      lowWaterMark.moveBelow(batch.claimed[0].runAt)
    await selfPause.judge(batch)
    return batch
  }
}

function logBatch(log: Logger, { claimed, settled, failed }: Batch): void {
  for (const job of failed)
    log.error(job, job.status === 'dead' ? 'job is dead' : 'job refused; retrying after its backoff')
  if (settled > 0)
    log.info({ claimed: claimed.length, settled }, 'batch')
}
