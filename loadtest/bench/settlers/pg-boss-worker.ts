// A worker process of pg-boss, as its documentation says for exactly once and for a backlog: the handler's statements and
// the jobs' completion in one transaction, whole batches, and no pause between full ones.
import process from 'node:process'
import { PgBoss } from 'pg-boss'
import { QUEUE } from './pg-boss.ts'
import { postBatch } from './plain-posting.ts'

const BATCH_SIZE = Number(process.env.BATCH_SIZE ?? 500)
const LOCAL_CONCURRENCY = Number(process.env.LOCAL_CONCURRENCY ?? 1)

const POST = postBatch('select unnest($1::uuid[])')
const boss = new PgBoss({ connectionString: process.env.DATABASE_URL!, useListenNotify: true })
boss.on('error', error => console.error(error))
await boss.start()
await boss.work(QUEUE, {
  batchSize: BATCH_SIZE,
  localConcurrency: LOCAL_CONCURRENCY,
  burstWhenBatchFull: true,
  pollingIntervalSeconds: 0.5,
  transactional: true,
}, async (jobs, transaction) => {
  await transaction.executeSql(POST, [jobs.map(({ id }) => id)])
})
console.log('ready')
