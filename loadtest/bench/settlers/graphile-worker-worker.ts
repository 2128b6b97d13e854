// A graphile-worker process with the settings of its performance test. A task is one statement that posts only pending
// payments, so a job that runs again after a crash posts nothing twice.
import process from 'node:process'
import { Logger, run } from 'graphile-worker'
import { POST_ONE, postBatch } from './peer-posting.ts'

/** The fastest of 4, 10 and 24. */
const CONCURRENT_JOBS = 24
const POST_BATCH = postBatch('select unnest($1::uuid[])')

await run({
  preset: {
    worker: {
      connectionString: process.env.DATABASE_URL!,
      concurrentJobs: CONCURRENT_JOBS,
      maxPoolSize: CONCURRENT_JOBS + 1,
      localQueue: { size: 500 },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
      logger: new Logger(() => (level, message) => {
        if (level === 'error')
          console.error(message)
      }),
    },
  },
  taskList: {
    post_one: async (payload, { withPgClient }) => {
      await withPgClient(client => client.query({ name: 'post-one', text: POST_ONE, values: payload as string[] }))
    },
    post_batch: async (payload, { withPgClient }) => {
      await withPgClient(client => client.query({ name: 'post-batch', text: POST_BATCH, values: [payload as string[]] }))
    },
  },
})
console.log('ready')
