import type { Knex } from 'knex'
import { pino } from 'pino'
import { trackOutage } from '../../src/outage.ts'
import { run } from '../../src/run.ts'
import { createWakeUp } from '../../src/wake-up.ts'

export interface LoopOptions {
  batchSize?: number
  batchesInFlight?: number
  /** Called before each sleep. */
  onWait?: (ms: number) => void
  /** Called with each warning or error that the loop logs. */
  onWarning?: (message: string) => void
}

/** Runs the worker's loop in this process. Returns a function that drains it. */
export function startLoop(db: Knex, { batchSize = 500, batchesInFlight = 2, onWait = () => {}, onWarning = () => {} }: LoopOptions = {}): () => Promise<void> {
  const stopping = new AbortController()
  const wakeUp = createWakeUp()
  const log = pino({ level: 'warn' }, { write: (line: string) => onWarning((JSON.parse(line) as { msg: string }).msg) })
  const loop = run(db, {
    workerId: 'w1',
    batchSize,
    maxAttempts: 3,
    batchesInFlight,
    suspects: { next: async () => undefined, rolledBack: async () => {}, forgive: async () => {} },
    outage: trackOutage(stopping.signal, log),
    wakeUp: {
      wake: wakeUp.wake,
      sleep: async (ms) => {
        onWait(ms)
        await wakeUp.sleep(ms)
      },
    },
    signal: stopping.signal,
    onSettled: () => {},
    log,
  })
  return async () => {
    stopping.abort()
    await loop
  }
}
