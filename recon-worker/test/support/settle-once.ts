import type { Knex } from 'knex'
import type { RunOnceOptions } from '../../src/run-once.ts'
import type { Batch } from '../../src/settle-jobs.ts'
import { runOnce } from '../../src/run-once.ts'

/** Settles one batch. By default as the worker w1, with three attempts per job. */
export function settleOnce(db: Knex, options: Partial<RunOnceOptions> = {}): Promise<Batch> {
  return runOnce(db, {
    workerId: 'w1',
    batchSize: 500,
    maxAttempts: 3,
    ...options,
  })
}
