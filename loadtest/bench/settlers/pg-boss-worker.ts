// A worker process of pg-boss, as its documentation says for exactly once and for a backlog: the handler's statements and
// the jobs' completion in one transaction, whole batches, and no pause between full ones.
import process from 'node:process'
import { PgBoss } from 'pg-boss'
import { QUEUE } from './pg-boss.ts'
import { postBatch } from './plain-posting.ts'

/** Of 100, 500 and 1,000 the fastest with one worker; with two, 500 is as fast. */
const BATCH_SIZE = 1_000

const POST = postBatch('select unnest($1::uuid[])')
const boss = new PgBoss({ connectionString: process.env.DATABASE_URL!, useListenNotify: true, schedule: false })
boss.on('error', () => {}) // a poll during which this process was stopped; what was not done voids the run
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
