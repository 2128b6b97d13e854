import type { TestDatabase } from '../support/database.ts'
import assert from 'node:assert/strict'
import { Matchers } from '@pact-foundation/pact'
import { pino } from 'pino'
import { runOnce } from '../../src/run-once.ts'
import { connect } from '../../src/sql/connect.ts'
import { createDatabase } from '../support/database.ts'
import { waitFor } from '../support/wait-for.ts'
import { startWorker } from '../support/worker.ts'
import { pact } from './support/pact.ts'

const { equal, integer, regex, reify, string, uuid } = Matchers

const PAYMENT_ID = '0199aa00-0000-7000-8000-000000000001'

/** Exactly the columns of a job and its payment that settling reads. */
const job = {
  recon_jobs: {
    payment_id: uuid(PAYMENT_ID),
    status: equal('pending'),
    attempts: integer(0),
    locked_at: equal(null),
    run_at: regex('^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$', '2026-11-23T16:05:13.123Z'),
  },
  payments: {
    id: uuid(PAYMENT_ID),
    status: equal('pending'),
    account_id: string('ACC-001'),
    currency: regex('^[A-Z]{3}$', 'USD'),
    // With all decimals of its currency, because the rules read them.
    amount: regex('^-?\\d+\\.\\d\\d$', '42.13'),
  },
}

/** The columns that the worker itself writes. The trigger on the results writes the others. */
const WRITTEN: Record<string, string[]> = {
  recon_jobs: ['status', 'attempts', 'locked_by', 'locked_at', 'finished_at'],
  payments: [],
}
const LOOKED_UP = ['accounts', 'reconciliation_results', 'ledger_entries']

describe('the worker reads', () => {
  let database: TestDatabase
  before(async () => {
    database = await createDatabase()
  })
  after(() => database?.drop())

  it('that payments wait', () => pact.addAsynchronousInteraction()
    .expectsToReceive('the notification that payments wait', content => content.withJSONContent({ channel: 'recon_jobs' }))
    .executeTest(async () => {
      const worker = await startWorker(database.url('payments_worker'))
      try {
        await waitFor('the worker listens to recon_jobs', async () =>
          (await database.sql(`select from pg_stat_activity where application_name = 'recon-worker listen' and query like 'listen%recon_jobs%' and datname = current_database()`)).length > 0)
      }
      finally {
        await worker.stop()
      }
    }))

  it('a job and its payment', () => pact.addAsynchronousInteraction()
    .expectsToReceive('the job of a payment', content => content.withJSONContent(job))
    .executeTest(async () => {
      await keepOnly(database, reify<Record<string, Record<string, string>>>(job))
      const db = connect(database.url('payments_worker'), pino({ level: 'silent' }))
      try {
        const { claimed } = await runOnce(db, { workerId: 'contract', batchSize: 10, maxAttempts: 3, siftFirst: true })
        assert.deepEqual(claimed, [{ paymentId: PAYMENT_ID, accountId: 'ACC-001', amount: '42.13', runAt: new Date('2026-11-23T16:05:13.123Z'), attempts: 0 }])
        assert.deepEqual(await database.sql('select status from reconciliation_results'), [{ status: 'completed_with_discrepancy' }])
      }
      finally {
        await db.destroy()
      }
    }))
})

/**
 * Replaces the worker's schema with tables that have only these columns, of the schema's types, and one row each. The worker may
 * read these columns and update the WRITTEN ones. The tables that it only looks up or inserts into are copied whole.
 */
async function keepOnly(database: TestDatabase, tables: Record<string, Record<string, string>>): Promise<void> {
  await database.sql('create schema promised')
  await database.sql('grant usage on schema promised to payments_worker')
  for (const [table, row] of Object.entries(tables)) {
    const [read, written] = [Object.keys(row), WRITTEN[table]!]
    const columns = [...new Set([...read, ...written])]
    await database.sql(`create table promised.${table} as select ${columns.join(', ')} from public.${table} with no data`)
    await database.sql(`insert into promised.${table} select * from jsonb_populate_record(null::promised.${table}, $1)`, [JSON.stringify(row)])
    await database.sql(`grant select (${read.join(', ')}) on promised.${table} to payments_worker`)
    if (written.length > 0)
      await database.sql(`grant update (${written.join(', ')}) on promised.${table} to payments_worker`)
  }
  for (const table of LOOKED_UP) {
    await database.sql(`create table promised.${table} (like public.${table} including defaults)`)
    await database.sql(`grant select, ${table === 'accounts' ? 'update' : 'insert'} on promised.${table} to payments_worker`)
  }
  await database.sql('create table promised.recon_queue as select paused_at, paused_by, reason, resumed_at from public.recon_queue')
  await database.sql('grant select on promised.recon_queue to payments_worker')
  await database.sql(`insert into promised.accounts (id, currency) select 'ACC-001', 'USD' union all select 'settlement:USD:' || shard, 'USD' from generate_series(0, 7) shard`)
  await database.sql('alter function post_results() set schema promised') // the worker's post names this function
  // The worker sets its own search_path, so these tables take the schema's name.
  await database.sql('alter schema public rename to everything')
  await database.sql('alter schema promised rename to public')
}
