import type { Knex } from 'knex'
import type { Suspects } from '../src/suspects.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { pino } from 'pino'
import { connect } from '../src/sql/connect.ts'
import { suspectJobs } from '../src/suspects.ts'
import { createDatabase } from './support/database.ts'
import { accept } from './support/payments.ts'
import { payments } from './support/settled.ts'
import { waitFor } from './support/wait-for.ts'
import { startWorker } from './support/worker.ts'

const ID = 'victim'

describe('a suspected job', () => {
  let database: TestDatabase
  let db: Knex
  let suspects: Suspects
  let job: string

  beforeEach(async () => {
    database = await createDatabase()
    const log = pino({ level: 'silent' })
    db = connect(database.url('payments_worker'), log)
    suspects = suspectJobs(db, { worker: { id: ID, host: 'host', pid: 1 }, inFlight: 2, log })
    job = (await accept(database, payments(1)))[0]!
  })
  afterEach(async () => {
    await db?.destroy()
    await database?.drop()
  })

  /** Inserts the row that a killed worker leaves. */
  async function killed({ stops, stopsWithIt = 0 }: { stops: number, stopsWithIt?: number }): Promise<void> {
    await database.sql(`
      insert into recon_workers (id, host, pid, unclean_stops, held_alone, stopped_with, stopped_with_it)
      values ($1, 'host', 1, $2, $3, $3, $4)`, [ID, stops - 1, stopsWithIt > 0 ? job : null, stopsWithIt - 1])
  }
  const worker = async (): Promise<Record<string, unknown> | undefined> => (await database.sql(`
    select unclean_stops, held_alone, stopped_with_it from recon_workers where id = $1`, [ID]))[0]

  it('is not blamed for kills during an outage', async () => {
    await killed({ stops: 2 })
    await database.sql(`
      create function broken() returns trigger language plpgsql as $$ begin raise exception 'as if broken' using errcode = 'XX000'; end $$`)
    await database.sql('create trigger broken before insert on ledger_entries for each row execute function broken()')
    for (let kill = 0; kill < 3; kill++) {
      const victim = await startWorker(database.url('payments_worker'), { WORKER_ID: ID })
      try {
        await waitFor('the worker backs off', () => victim.log.some(line => line.includes('batch rolled back')))
        await waitFor('the worker holds no job', async () => (await worker())?.held_alone === null, 5_000)
      }
      finally {
        const exited = once(victim.process, 'exit')
        victim.process.kill('SIGKILL')
        await exited
      }
    }
    await suspects.next()
    assert.deepEqual(await database.sql('select status, attempts, last_error from recon_jobs'), [{ status: 'pending', attempts: 0, last_error: null }])
  })

  it('is not blamed if the next worker could not reach the database at first: the last one may have been in an outage', async () => {
    await killed({ stops: 3, stopsWithIt: 3 })
    await database.sql(`do $$ begin execute format('alter database %I connection limit 0', current_database()); end $$`)
    await assert.rejects(suspects.next())
    await database.sql(`do $$ begin execute format('alter database %I connection limit -1', current_database()); end $$`)
    await suspects.next()
    assert.deepEqual(await database.sql('select status from recon_jobs'), [{ status: 'pending' }])
    assert.deepEqual(await worker(), { unclean_stops: 3, held_alone: null, stopped_with_it: 0 })
  })

  it('is cleared once all jobs due at the start are done, although new jobs keep arriving', async () => {
    await killed({ stops: 3 })
    await suspects.next()
    await database.sql(`update recon_jobs set run_at = now()`)
    await waitFor('the stops are forgiven', async () => {
      await suspects.next()
      return (await worker())?.unclean_stops === 0
    }, 10_000)
    assert.equal(await suspects.next(), undefined)
  })

  it('stays suspected after a rolled-back attempt, and is released after each attempt', async () => {
    await killed({ stops: 3 })
    const claimed = [{ paymentId: job, accountId: 'A', amount: '1.00', runAt: new Date(), attempts: 0 }]
    for (let n = 0; n < 5; n++) {
      await (await suspects.next())!.oneJob.onClaimed!(claimed)
      assert.equal((await worker())?.held_alone, job)
      await suspects.rolledBack()
      assert.equal((await worker())?.held_alone, null)
    }
    for (let n = 0; n < 2; n++) {
      const alone = await suspects.next()
      assert.equal((await worker())?.held_alone, null)
      await alone!.oneJob.onClaimed!(claimed)
    }
    assert.equal(await suspects.next(), undefined, 'two jobs were settled alone: as many as could have been in flight')
    assert.equal((await worker())?.held_alone, null)
  })
})
