import type { Logger } from 'pino'
import type { BatchModes } from './batch-modes.ts'
import type { LowWaterMarkTracker } from './low-water-mark.ts'
import type { Outage } from './outage.ts'
import type { SettleBatch } from './settle-batch.ts'
import type { Batch } from './settle-jobs.ts'
import type { ClaimedJob } from './sql/claim-jobs.ts'
import type { WakeUp } from './wake-up.ts'
import { faultOf } from './sql/database-errors.ts'

export interface SecondaryBatchesDeps {
  /** Most secondary batches at a time. */
  slots: number
  /** Jobs in a full batch. */
  batchSize: number
  settleBatch: SettleBatch
  modes: BatchModes
  lowWaterMark: LowWaterMarkTracker
  outage: Outage
  wakeUp: WakeUp
  signal: AbortSignal
  log: Logger
}

export interface SecondaryBatches {
  /**
   * Starts a secondary batch if the claim was full and a slot is free. Called once a batch has claimed its jobs: a secondary
   * batch that started earlier could take the jobs for which the primary batch was woken.
   */
  start: (claimed: ClaimedJob[]) => void
  /** Resolves once all secondary batches have ended. */
  finished: () => Promise<void>
}

/**
 * Secondary batches use the time that the primary batch spends in Postgres or Node.js. Each slot settles batch after batch
 * until one is not full, an outage begins or the worker drains.
 */
export function secondaryBatches({ slots, batchSize, settleBatch, modes, lowWaterMark, outage, wakeUp, signal, log }: SecondaryBatchesDeps): SecondaryBatches {
  const running = new Set<Promise<void>>()
  const isFull = (claimed: ClaimedJob[]): boolean => claimed.length === batchSize
  const mayClaim = (): boolean => outage.reason() === undefined && !signal.aborted

  function start(claimed: ClaimedJob[]): void {
    if (!isFull(claimed) || running.size >= slots || !mayClaim() || modes.isOn('primaryOnly') || modes.isOn('siftFirst'))
      return
    const secondary = settleWhileFull().finally(() => running.delete(secondary))
    running.add(secondary)
  }

  /** Never throws. An error other than a conflict reaches the primary batch too, and is handled there. */
  async function settleWhileFull(): Promise<void> {
    try {
      let batch: Batch
      do
        batch = await settleBatch({ lowWaterMark: lowWaterMark.next(), onClaimed: start })
      while (isFull(batch.claimed) && mayClaim())
    }
    catch (error) {
      if (faultOf(error) !== 'conflict') {
        log.warn({ err: error }, 'secondary batch rolled back')
        modes.turnOn('primaryOnly')
      }
      lowWaterMark.scheduleFullScan()
      wakeUp.wake() // the jobs are due again
    }
  }

  return {
    start,
    finished: async () => void await Promise.all(running),
  }
}
