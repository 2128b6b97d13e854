import type { BenchStack } from '../bench-stack.ts'
import type { Settler } from './settler.ts'
import { plainDatabase } from './plain-posting.ts'
import { INSERT_WITH_JOBS, openAccounts } from './settler.ts'
import { startWorker } from './start-worker.ts'

/** The limit: so many loops over one statement that takes jobs, applies the rules and posts, and trusts itself. */
export async function bareSql(bench: BenchStack, loops: number, resources: AsyncDisposableStack): Promise<Settler> {
  const name = `bare_sql_${loops}`
  const database = await plainDatabase(bench, name, resources)
  return {
    database,
    pids: [await startWorker('bare-sql-worker.ts', bench.databaseUrl(name), resources, { LOOPS: String(loops) })],
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
