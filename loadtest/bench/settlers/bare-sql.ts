import type { BenchStack } from '../bench-stack.ts'
import type { Settler } from './settler.ts'
import { plainDatabase } from './plain-posting.ts'
import { INSERT_WITH_JOBS, openAccounts } from './settler.ts'
import { startWorker } from './start-worker.ts'

/** The limit: a loop over one statement that takes jobs, applies the rules and posts, and trusts itself. */
export async function bareSql(bench: BenchStack, resources: AsyncDisposableStack): Promise<Settler> {
  const database = await plainDatabase(bench, 'bare_sql', resources)
  return {
    database,
    pids: [await startWorker('bare-sql-worker.ts', bench.databaseUrl('bare_sql'), resources)],
    accept: async (payments, accounts) => {
      await openAccounts(database, accounts)
      await database.query(INSERT_WITH_JOBS, [payments, accounts])
    },
    waiting: async () => {
      const { rows } = await database.query<{ waiting: string }>(`select count(*) as waiting from recon_jobs where status <> 'completed'`)
      return Number(rows[0]!.waiting)
    },
  }
}
