import type { BenchStack } from '../bench-stack.ts'
import type { Settler } from './settler.ts'
import { pidOf } from '../bench-stack.ts'
import { signalAll } from './measure-settling.ts'
import { INSERT_WITH_JOBS, openAccounts } from './settler.ts'

/** The system's first `workers` workers. Stops them with SIGSTOP. */
export async function ourWorkers(bench: BenchStack, workers = 1): Promise<Settler> {
  const { database } = bench
  const pids: number[] = []
  for (let number = 1; number <= workers; number++)
    pids.push(await pidOf(bench, `worker-${number}`))
  signalAll(pids, 'SIGSTOP')
  return {
    database,
    pids,
    accept: async (payments, accounts) => {
      await openAccounts(database, accounts)
      await database.query(INSERT_WITH_JOBS, [payments, accounts])
      await database.query('notify recon_jobs')
    },
    waiting: async () => {
      const { rows } = await database.query<{ waiting: string }>(`select count(*) as waiting from recon_jobs where status <> 'completed'`)
      return Number(rows[0]!.waiting)
    },
  }
}
