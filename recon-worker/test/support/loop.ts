import type { Knex } from 'knex'
import { pino } from 'pino'
import { run } from '../../src/run.ts'
import { wakeUp } from '../../src/wake-up.ts'

/** The worker's loop within this process. Answers what ends it, after its batch. */
export function startLoop(db: Knex, options: { batchSize?: number, workerId?: string } = {}): () => Promise<void> {
  const stopping = new AbortController()
  const loop = run(db, {
    workerId: 'w1',
    batchSize: 500,
    maxAttempts: 3,
    ...options,
    register: async () => ({ uncleanStop: false }),
    wakeUp: wakeUp(),
    signal: stopping.signal,
    onSettled: () => {},
    log: pino({ level: 'silent' }),
  })
  return async () => {
    stopping.abort()
    await loop
  }
}
