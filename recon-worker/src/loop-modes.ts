import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { BatchModes } from './batch-modes.ts'
import type { LowWaterMarkTracker } from './low-water-mark.ts'
import type { Outage } from './outage.ts'
import type { SecondaryBatches } from './secondary-batches.ts'
import type { SelfPause } from './self-pause.ts'
import type { SettleBatch } from './settle-batch.ts'
import type { Suspects } from './suspects.ts'
import type { WakeUp } from './wake-up.ts'
import { couldSettle } from './run-once.ts'
import { FULL_SCAN } from './sql/claim-jobs.ts'
import { faultOf, isTimeout } from './sql/database-errors.ts'

/** How long an idle worker sleeps without a notification: the longest wait of a payment when LISTEN is dead. */
const POLL_MS = 1_000
/** Consecutive conflicts that are retried at once: the other transaction has committed, so the retry rarely fails. */
const MAX_IMMEDIATE_RETRIES = 5

/**
 * The loop of a worker is always in one of four modes:
 *
 * ```mermaid
 * stateDiagram-v2
 *   [*] --> Settling
 *   Settling --> Settling: batch settled, conflict, or first timeout
 *   Settling --> Idle: nothing due, or queue paused
 *   Idle --> Settling: NOTIFY, or 1 s has passed
 *   Settling --> BackingOff: any other error
 *   Idle --> BackingOff: outage not over
 *   BackingOff --> Settling: backoff over
 *   Settling --> Draining: SIGTERM
 *   Draining --> [*]: secondary batches finished
 * ```
 *
 * - **Settling** claims and settles one primary batch. When the claim is full, a secondary batch starts in a free slot and
 *   settles further batches at the same time. An empty claim above the low-water mark is repeated as a full scan; only a
 *   full scan that finds nothing makes the worker idle. While some jobs are suspected of having ended the worker
 *   (suspects.ts), it takes turns: a batch of jobs that cannot have, then one suspected job alone. So new payments do not
 *   wait for the suspected ones.
 * - **Idle** sleeps until a NOTIFY arrives, a secondary batch is rolled back, or a second has passed. During an
 *   outage it first checks whether a batch could settle, because no batch shows the end of the outage while nothing is due.
 * - **Backing off** waits 100 ms to 2 s. Only SIGTERM shortens the wait; a NOTIFY does not, or a busy API would make the
 *   worker hammer a broken database. The outage continues in the modes that follow, until a batch settles or could settle.
 *   Meanwhile GET /ready responds 503 and no secondary batch starts.
 * - **Draining** waits for the secondary batches. SIGTERM ends a sleep and a backoff early, but never a batch: only
 *   Settling checks for it, before each claim.
 *
 * An error in Idle has the same effect as one in Settling. The batch modes (batch-modes.ts) decide how a batch is settled.
 */
export type LoopMode
  = | { name: 'settling' }
    | { name: 'idle', queuePaused: boolean }
    | { name: 'backing off', error?: unknown }
    | { name: 'draining' }

export interface Loop {
  db: Knex
  workerId: string
  settleBatch: SettleBatch
  secondaries: SecondaryBatches
  modes: BatchModes
  lowWaterMark: LowWaterMarkTracker
  selfPause: SelfPause
  suspects: Suspects
  outage: Outage
  wakeUp: WakeUp
  signal: AbortSignal
  log: Logger
  /** Conflicts since the last batch that committed. */
  conflictsInARow: number
}

/** Carries out a mode and returns the one that follows. Never throws. */
export async function nextMode(loop: Loop, mode: Exclude<LoopMode, { name: 'draining' }>): Promise<LoopMode> {
  try {
    switch (mode.name) {
      case 'settling':
        return loop.signal.aborted ? { name: 'draining' } : await settle(loop)
      case 'idle':
        return await idle(loop, mode.queuePaused)
      case 'backing off':
        await loop.outage.backOff(mode.error)
        return { name: 'settling' }
    }
  }
  catch (error) {
    return await recover(loop, error)
  }
}

async function settle(loop: Loop): Promise<LoopMode> {
  const { suspects, lowWaterMark, secondaries, outage } = loop
  const suspicion = await suspects.next()
  if (suspicion)
    await loop.settleBatch({ lowWaterMark: suspicion.innocentFrom, newestFirst: false })
  const claimFrom = suspicion ? FULL_SCAN : lowWaterMark.next()
  const batch = await loop.settleBatch({ lowWaterMark: claimFrom, onClaimed: secondaries.start, ...suspicion?.oneJob })
  loop.conflictsInARow = 0
  if (batch.claimed.length > 0)
    outage.end()
  else if (claimFrom === FULL_SCAN)
    return { name: 'idle', queuePaused: batch.paused === true }
  else
    lowWaterMark.scheduleFullScan()
  return { name: 'settling' }
}

async function idle({ db, workerId, suspects, selfPause, outage, wakeUp }: Loop, queuePaused: boolean): Promise<LoopMode> {
  if (outage.reason() !== undefined) {
    if (!await couldSettle(db, workerId))
      return { name: 'backing off' }
    outage.end()
  }
  if (queuePaused)
    selfPause.forget()
  else
    await suspects.forgive()
  await wakeUp.sleep(POLL_MS)
  return { name: 'settling' }
}

/** After an error that rolled back the primary batch, or that an idle worker met. */
async function recover(loop: Loop, error: unknown): Promise<LoopMode> {
  const { lowWaterMark, suspects, modes, log } = loop
  lowWaterMark.scheduleFullScan()
  await suspects.rolledBack().catch((error: unknown) => log.warn({ err: error }, 'suspected job not released: it is still recorded as held alone'))
  if (faultOf(error) === 'conflict' && ++loop.conflictsInARow <= MAX_IMMEDIATE_RETRIES)
    return { name: 'settling' }
  if (isTimeout(error) && !modes.isOn('skipHeld')) {
    modes.turnOn('skipHeld')
    log.warn({ err: error }, 'statement timed out; deferring jobs whose accounts are locked')
    return { name: 'settling' }
  }
  return { name: 'backing off', error }
}
