import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { LoopMode } from './loop-modes.ts'
import type { Outage } from './outage.ts'
import type { SharedOptions } from './settle-batch.ts'
import type { Suspects } from './suspects.ts'
import type { WakeUp } from './wake-up.ts'
import { trackBatchModes } from './batch-modes.ts'
import { nextMode } from './loop-modes.ts'
import { trackLowWaterMark } from './low-water-mark.ts'
import { secondaryBatches } from './secondary-batches.ts'
import { watchRefusals } from './self-pause.ts'
import { batchSettler } from './settle-batch.ts'

export interface RunOptions extends SharedOptions {
  /** Most batches in flight while there is a backlog, the primary batch included. */
  batchesInFlight: number
  /** Claims jobs one by one after repeated unclean stops; see suspectJobs. */
  suspects: Suspects
  outage: Outage
  wakeUp: WakeUp
  /** Drains the worker: no batch starts any more, and those in flight finish. */
  signal: AbortSignal
  /** Called after each commit with the number of payments that it settled. */
  onSettled: (payments: number) => void
  log: Logger
}

/** Settles batches until the signal; see loop-modes.ts for the modes of the loop. Resolves once the worker has drained. */
export async function run(db: Knex, { batchesInFlight, suspects, outage, wakeUp, signal, onSettled, log, ...options }: RunOptions): Promise<void> {
  const { workerId, batchSize } = options
  const modes = trackBatchModes()
  const lowWaterMark = trackLowWaterMark()
  const selfPause = watchRefusals(db, log)
  const settleBatch = batchSettler({ db, options, modes, lowWaterMark, selfPause, onSettled, log })
  const secondaries = secondaryBatches({ slots: batchesInFlight - 1, batchSize, settleBatch, modes, lowWaterMark, outage, wakeUp, signal, log })
  const loop = { db, workerId, settleBatch, secondaries, modes, lowWaterMark, selfPause, suspects, outage, wakeUp, signal, log, conflictsInARow: 0 }

  signal.addEventListener('abort', wakeUp.wake)
  let mode: LoopMode = { name: 'settling' }
  while (mode.name !== 'draining')
    mode = await nextMode(loop, mode)
  await secondaries.finished()
}
