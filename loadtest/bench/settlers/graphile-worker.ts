import type { BenchStack } from '../bench-stack.ts'
import type { Settler } from './settler.ts'
import { runMigrations } from 'graphile-worker'
import { createPeerDatabase } from './peer-posting.ts'
import { INSERT_PAYMENTS, openAccounts } from './settler.ts'
import { startWorker } from './start-worker.ts'

/** graphile-worker with `paymentsPerJob` payment ids in each job's payload. */
export async function graphileWorker(bench: BenchStack, paymentsPerJob: number, resources: AsyncDisposableStack): Promise<Settler> {
  const name = `graphile_${paymentsPerJob}`
  const database = await createPeerDatabase(bench, name, resources)
  const connectionString = bench.databaseUrl(name)
  await runMigrations({ connectionString })
  return {
    database,
    pids: [await startWorker('graphile-worker-worker.ts', connectionString, resources)],
    accept: async (payments, accounts) => {
      await openAccounts(database, accounts)
      await database.query(`
        with payment as (${INSERT_PAYMENTS}),
        numbered as (select id, (row_number() over () - 1) / $3::int as batch from payment),
        job as (select batch, json_agg(id) as ids from numbered group by batch)
        select count(*)
          from graphile_worker.add_jobs(array(
            select (case when $3::int = 1 then 'post_one' else 'post_batch' end, ids, null, null, null, null, null, null)::graphile_worker.job_spec
              from job
             order by batch))`, [payments, accounts, paymentsPerJob])
    },
    waiting: async () => {
      const { rows } = await database.query<{ waiting: string }>('select count(*) as waiting from graphile_worker.jobs')
      return Number(rows[0]!.waiting)
    },
  }
}
