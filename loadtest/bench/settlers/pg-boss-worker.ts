// A pg-boss worker process, set up as its documentation says for exactly-once processing and for a backlog: the handler's
// statements and the completion of its jobs in one transaction, whole batches, no pause between full batches.
import process from 'node:process'
import { PgBoss } from 'pg-boss'
import { postBatch } from './peer-posting.ts'
import { QUEUE } from './pg-boss.ts'

/** The fastest of 100, 500 and 1,000 with one worker; with two, 500 is as fast. */
const BATCH_SIZE = 1_000

const POST = postBatch('select unnest($1::uuid[])')
const boss = new PgBoss({ connectionString: process.env.DATABASE_URL!, useListenNotify: true, schedule: false })
boss.on('error', () => {}) // a poll that SIGSTOP interrupted; payments it leaves behind void the run
await boss.start()
await boss.work(QUEUE, {
  batchSize: BATCH_SIZE,
  localConcurrency: Number(process.env.WORKERS),
  burstWhenBatchFull: true,
  pollingIntervalSeconds: 0.5,
  transactional: true,
}, async (jobs, transaction) => {
  await transaction.executeSql(POST, [jobs.map(({ id }) => id)])
})
console.log('ready')
