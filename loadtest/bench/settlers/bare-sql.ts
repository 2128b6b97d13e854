import type { BenchStack } from '../bench-stack.ts'
import type { Settler } from './settler.ts'
import { createPeerDatabase } from './peer-posting.ts'
import { INSERT_WITH_JOBS, openAccounts } from './settler.ts'
import { startWorker } from './start-worker.ts'

/** The limit: loops over one statement that claims jobs, applies the rules and posts, and verifies nothing. */
export async function bareSql(bench: BenchStack, loops: number, resources: AsyncDisposableStack): Promise<Settler> {
  const name = `bare_sql_${loops}`
  const database = await createPeerDatabase(bench, name, resources)
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
