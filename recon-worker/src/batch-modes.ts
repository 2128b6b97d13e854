import type { RunOnceOptions } from './run-once.ts'

/**
 * Trouble changes how the next batches are settled. Each mode stays on for a fixed time after its last cause:
 *
 * | mode          | cause                                         | lasts | while it is on                                               |
 * |---------------|-----------------------------------------------|-------|--------------------------------------------------------------|
 * | `siftFirst`   | a job was refused                             | 5 s   | each batch is sifted before its post; no secondary batches   |
 * | `newestFirst` | a batch was posted one by one                 | 5 s   | batches claim the newest jobs, at most 100                   |
 * | `skipHeld`    | a statement of the primary batch timed out    | 3 s   | jobs whose accounts are locked are deferred, not waited for  |
 * | `primaryOnly` | a secondary batch failed, but not by conflict | 1 s   | no secondary batches: a second connection may be unavailable |
 *
 * - A search for refused jobs locks every account of its batch, so under `siftFirst` a secondary batch would only wait for it.
 * - Posting one by one takes about 1 ms per job and holds the accounts' locks. Under `newestFirst` a new payment does not wait
 *   until the whole backlog has been searched.
 */
const DURATION_MS = {
  siftFirst: 5_000,
  newestFirst: 5_000,
  skipHeld: 3_000,
  primaryOnly: 1_000,
} as const

/** Most jobs per batch under `newestFirst`. */
const NEWEST_FIRST_BATCH_SIZE = 100

export type BatchMode = keyof typeof DURATION_MS

/** The modes of one worker; all its batches share them. Times are those of performance.now(). */
export interface BatchModes {
  /** Turns the mode on, or extends it. */
  turnOn: (mode: BatchMode) => void
  /** Whether the mode ends after `atMs`, by default now. */
  isOn: (mode: BatchMode, atMs?: number) => boolean
  /** The options for a batch that starts at `atMs` and would otherwise claim up to `batchSize` jobs. */
  options: (batchSize: number, atMs: number) => Pick<RunOnceOptions, 'siftFirst' | 'skipHeld' | 'newestFirst' | 'batchSize'>
}

export function trackBatchModes(): BatchModes {
  const endsAtMs: Record<BatchMode, number> = { siftFirst: 0, newestFirst: 0, skipHeld: 0, primaryOnly: 0 }
  const isOn = (mode: BatchMode, atMs = performance.now()): boolean => atMs < endsAtMs[mode]
  return {
    turnOn: mode => endsAtMs[mode] = performance.now() + DURATION_MS[mode],
    isOn,
    options: (batchSize, atMs) => {
      const newestFirst = isOn('newestFirst', atMs)
      return {
        siftFirst: isOn('siftFirst', atMs),
        skipHeld: isOn('skipHeld', atMs),
        newestFirst,
        batchSize: newestFirst ? Math.min(batchSize, NEWEST_FIRST_BATCH_SIZE) : batchSize,
      }
    },
  }
}
