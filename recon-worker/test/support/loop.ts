import type { Knex } from 'knex'
import { pino } from 'pino'
import { run } from '../../src/run.ts'
import { wakeUp } from '../../src/wake-up.ts'

/** The worker's loop within this process. `onWait` hears of each sleep. Answers what ends it, after its batch. */
export function startLoop(db: Knex, { batchSize = 500, onWait = () => {} }: { batchSize?: number, onWait?: (ms: number) => void } = {}): () => Promise<void> {
  const stopping = new AbortController()
  const bell = wakeUp()
  const loop = run(db, {
    workerId: 'w1',
    batchSize,
    maxAttempts: 3,
    register: async () => ({ uncleanStop: false }),
    wakeUp: {
      wake: bell.wake,
      sleep: async (ms) => {
        onWait(ms)
        await bell.sleep(ms)
      },
    },
    signal: stopping.signal,
    onSettled: () => {},
    log: pino({ level: 'silent' }),
  })
  return async () => {
    stopping.abort()
    await loop
  }
}
