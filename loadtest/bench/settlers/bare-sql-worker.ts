import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { postBatch } from './peer-posting.ts'

/** The same as our worker's. */
const BATCH_SIZE = 500
const IDLE_MS = 10

const CLAIM_AND_POST = postBatch('select payment_id from job', `
  job as materialized (
    select payment_id
      from recon_jobs
     where status = 'pending' and run_at <= now()
     order by run_at, payment_id
     limit ${BATCH_SIZE}
       for update skip locked),
  finished as (
    update recon_jobs j
       set status = 'completed', attempts = j.attempts + 1, locked_at = now(), finished_at = now()
      from job
     where j.payment_id = job.payment_id),`)

const clients = Array.from({ length: Number(process.env.LOOPS) }, () => new pg.Client({ connectionString: process.env.DATABASE_URL }))
await Promise.all(clients.map(client => client.connect()))
console.log('ready')
await Promise.all(clients.map(async (client) => {
  while (true) {
    const { rowCount } = await client.query({ name: 'claim-and-post', text: CLAIM_AND_POST })
    if (!rowCount)
      await delay(IDLE_MS)
  }
}))
