import type { BenchStack } from '../bench-stack.ts'
import type { Settler } from './settler.ts'
import { PgBoss } from 'pg-boss'
import { createPeerDatabase } from './peer-posting.ts'
import { INSERT_PAYMENTS, openAccounts } from './settler.ts'
import { startWorker } from './start-worker.ts'

export const QUEUE = 'settle'
const JOBS_PER_INSERT = 10_000

/** pg-boss with `workers` workers in one process and one job per payment; a job's id is the payment's id. */
export async function pgBoss(bench: BenchStack, workers: number, resources: AsyncDisposableStack): Promise<Settler> {
  const name = `pg_boss_${workers}`
  const database = await createPeerDatabase(bench, name, resources)
  const connectionString = bench.databaseUrl(name)
  const boss = new PgBoss({ connectionString, supervise: false, schedule: false })
  boss.on('error', () => {}) // after a lost connection the next call throws
  resources.defer(() => boss.stop({ graceful: false }))
  await boss.start()
  // partition: a separate table for this queue; notify: wakes the workers when jobs arrive.
  await boss.createQueue(QUEUE, { partition: true, notify: true })
  return {
    database,
    pids: [await startWorker('pg-boss-worker.ts', connectionString, resources, { WORKERS: String(workers) })],
    accept: async (payments, accounts) => {
      await openAccounts(database, accounts)
      const { rows } = await database.query<{ id: string }>(INSERT_PAYMENTS, [payments, accounts])
      for (let i = 0; i < rows.length; i += JOBS_PER_INSERT)
        await boss.insert(QUEUE, rows.slice(i, i + JOBS_PER_INSERT))
    },
    waiting: async () => {
      const { rows } = await database.query<{ waiting: string }>(`select count(*) as waiting from pgboss.job where name = $1 and state <> 'completed'`, [QUEUE])
      return Number(rows[0]!.waiting)
    },
  }
}
