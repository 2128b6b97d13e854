import type { TestDatabase } from './support/database.ts'
import type { Worker } from './support/worker.ts'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createDatabase } from './support/database.ts'
import { accept } from './support/payments.ts'
import { assertSettledOnce, payments, settled } from './support/settled.ts'
import { waitFor } from './support/wait-for.ts'
import { startWorker } from './support/worker.ts'

const ENDED_ITS_WORKER = 'the worker stopped uncleanly 3 times in a row while it settled this job alone'

describe('a worker that stops uncleanly', () => {
  let database: TestDatabase
  let killer: string
  const workers: Worker[] = []

  beforeEach(async () => {
    database = await createDatabase()
    killer = (await accept(database, payments(20)))[7]!
    // This job's post never ends, so its worker can be killed during it.
    await database.sql(`
      create function linger() returns trigger language plpgsql as $$ begin
        if new.payment_id = '${killer}' then perform pg_sleep(60); end if;
        return new;
      end $$`)
    await database.sql('create trigger linger before insert on ledger_entries for each row execute function linger()')
  })
  afterEach(async () => {
    workers.splice(0).forEach(worker => worker.process.kill('SIGKILL'))
    await database?.drop()
  })

  async function start(): Promise<Worker> {
    const worker = await startWorker(database.url('payments_worker'), { WORKER_ID: 'victim' })
    workers.push(worker)
    return worker
  }
  const posting = async (): Promise<{ pid: number }[]> => await database.sql<{ pid: number }>(`
    select pid from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`)
  const job = async (): Promise<Record<string, unknown> | undefined> => (await database.sql(`
    select status, attempts, last_error from recon_jobs where payment_id = $1`, [killer]))[0]

  /** Starts a worker and kills it while it posts the job. Returns whether it had claimed the job alone. */
  async function killOne(): Promise<'with its batch' | 'alone' | undefined> {
    const worker = await start()
    await waitFor('the worker posts the job, or the job is dead', async () => (await posting()).length > 0 || (await job())?.status === 'dead', 60_000)
    const [backend] = await posting()
    if (!backend)
      return undefined
    const exited = once(worker.process, 'exit')
    worker.process.kill('SIGKILL')
    await exited
    await database.sql('select pg_terminate_backend($1)', [backend.pid])
    await waitFor('the worker\'s session has ended', async () => (await posting()).length === 0)
    return worker.log.some(line => line.includes('one by one')) ? 'alone' : 'with its batch'
  }

  it('because of one job claims that job alone after two stops; after three more the job is dead, and the other jobs settle', async () => {
    const stops: unknown[] = []
    for (let stop = await killOne(); stop; stop = await killOne())
      stops.push(stop)
    assert.deepEqual(stops, ['with its batch', 'with its batch', 'alone', 'alone', 'alone'])
    await waitFor('the other jobs are settled', async () => await settled(database) === 19)
    assert.deepEqual(await job(), { status: 'dead', attempts: 1, last_error: ENDED_ITS_WORKER })
    await assertSettledOnce(database, 19)
    await waitFor('the stops are forgiven', async () => (await database.sql(`select from recon_workers where unclean_stops = 0 and held_alone is null`)).length === 1)
  }).timeout(180_000)

  it('delays no new payment while it tries the suspected jobs one by one', async () => {
    await killOne()
    await killOne()
    // Each of many suspected jobs takes a while, and a job that arrives now does not wait for them.
    await database.sql(`create or replace function linger() returns trigger language plpgsql as $$ begin perform pg_sleep(0.02); return new; end $$`)
    await accept(database, payments(100))
    await start()
    await waitFor('the worker claims jobs one by one', () => workers.at(-1)!.log.some(line => line.includes('one by one')))
    const [late] = await accept(database, [{ accountId: 'LATE', amount: '1.00' }])
    await database.sql('update recon_jobs set run_at = now() where payment_id = $1', [late])
    await waitFor('the new payment is settled', async () => (await database.sql(`select from recon_jobs where payment_id = $1 and status = 'completed'`, [late])).length === 1)
    const left = 121 - await settled(database)
    assert.ok(left > 50, `${left} suspected jobs are left`)
    await waitFor('all are settled', async () => await settled(database) === 121, 60_000)
    await assertSettledOnce(database, 121)
  }).timeout(120_000)

  it('for another reason declares no job dead, and keeps the last error of the job held alone', async () => {
    await database.sql(`update recon_jobs set last_error = 'a true error' where payment_id = $1`, [killer])
    await killOne()
    await killOne()
    assert.equal(await killOne(), 'alone')
    await database.sql('drop trigger linger on ledger_entries') // the job itself is fine
    await start()
    await waitFor('all are settled', async () => await settled(database) === 20)
    assert.deepEqual(await job(), { status: 'completed', attempts: 1, last_error: 'a true error' })
    await assertSettledOnce(database, 20)
  }).timeout(120_000)
})
