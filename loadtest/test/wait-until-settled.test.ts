import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { repoRoot } from '../../compose/src/config.ts'
import { startPostgres } from '../../recon-worker/test/support/postgres.ts'
import { databaseTime, waitUntilSettled } from '../auditor/wait-until-settled.ts'

const BRIEF_MS = 200

describe('waiting until everything is settled', () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>
  let database: pg.Client

  before(async () => {
    postgres = await startPostgres()
    database = new pg.Client({ connectionString: postgres.url })
    await database.connect()
    await database.query(readFileSync(`${repoRoot}/contracts/schema.sql`, 'utf8'))
    await database.query(`
      with p as (
        insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
        values ('00000000-0000-7000-8000-000000000001', 'c', 'k', sha256(''), 'A', 'USD', 1.00, '', now(), now())
        returning id)
      insert into recon_jobs (payment_id, run_at) select id, now() + interval '1 hour' from p`)
  })
  after(async () => {
    await database?.end()
    postgres?.stop()
  })

  it('waits for a job that a worker postponed, and says how many are left', async () => {
    await assert.rejects(waitUntilSettled(database, undefined, BRIEF_MS), /1 payments were not settled after 0.2 s/)
  })

  it('ignores a job that was not due at the given time', async () => {
    await waitUntilSettled(database, await databaseTime(database), BRIEF_MS)
  })
})
