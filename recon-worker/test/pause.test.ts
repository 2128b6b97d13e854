import type { TestDatabase } from './support/database.ts'
import type { Worker } from './support/worker.ts'
import assert from 'node:assert/strict'
import { createDatabase } from './support/database.ts'
import { accept } from './support/payments.ts'
import { payments, settled } from './support/settled.ts'
import { waitFor } from './support/wait-for.ts'
import { startWorker } from './support/worker.ts'

describe('a paused queue', () => {
  let database: TestDatabase
  let worker: Worker

  beforeEach(async () => {
    database = await createDatabase()
    worker = await startWorker(database.url('payments_worker'), { BATCH_SIZE: '50', MAX_ATTEMPTS: '2' })
  })
  afterEach(async () => {
    worker?.process.kill('SIGKILL')
    await database?.drop()
  })

  async function readiness(): Promise<unknown> {
    const response = await fetch(`${worker.url}/ready`)
    return { code: response.status, ...await response.json() as object }
  }

  /** Accepts payments whose account does not exist. */
  async function acceptUnpayable(n: number): Promise<void> {
    await database.sql(`select pause_queue('test', 'until they are unpayable')`)
    await accept(database, payments(n))
    await database.sql('set session_replication_role = replica')
    await database.sql(`update payments set account_id = 'ACC-MISSING'`)
    await database.sql('set session_replication_role = origin')
    await database.sql('select resume_queue()')
  }
  const paused = (): Promise<void> => waitFor('the queue is paused', async () => (await database.sql('select from recon_queue where paused_at is not null')).length > 0)
  const deadJobs = async (): Promise<number> => (await database.sql(`select from recon_jobs where status = 'dead'`)).length

  it('gives no jobs to a worker, which stays ready and goes on when an operator resumes the queue', async () => {
    await database.sql(`select pause_queue('operator', 'month end')`)
    await accept(database, payments(10))
    await database.sql('notify recon_jobs')
    assert.deepEqual(await readiness(), { code: 200, status: 'paused', pausedBy: 'operator', reason: 'month end' })
    await waitFor('the worker has polled and sleeps', async () => (await database.sql(`
      select from pg_stat_activity
       where application_name = 'recon-worker' and state = 'idle' and datname = current_database()
         and clock_timestamp() - state_change > interval '0.2 seconds'`)).length > 0)
    assert.equal(await settled(database), 0)
    await database.sql('select resume_queue()')
    await waitFor('all are settled', async () => await settled(database) === 10)
    assert.deepEqual(await readiness(), { code: 200, status: 'ready' })
  })

  it('has paused itself when most jobs were refused: no job is dead, the worker gives the reason, and all settle after the repair', async () => {
    await acceptUnpayable(1_000)
    await paused()
    const reason = '100 of the last 100 jobs were refused, the latest because: account "ACC-MISSING" does not exist'
    assert.deepEqual(await database.sql('select paused_by, reason from recon_queue'), [{ paused_by: 'recon-worker', reason }])
    assert.deepEqual(await readiness(), { code: 503, type: '/problems/queue-paused', title: 'The queue paused itself', status: 503, detail: reason })
    const [taken] = await database.sql<{ tried: number, dead: number }>(`
      select count(*) filter (where attempts > 0)::int as tried, count(*) filter (where status = 'dead')::int as dead from recon_jobs`)
    assert.ok(taken!.tried >= 100 && taken!.tried <= 200, `${taken!.tried} tried`)
    assert.equal(taken!.dead, 0)

    await database.sql(`select open_account('ACC-MISSING', 'USD')`)
    await database.sql('select resume_queue()')
    await waitFor('all are settled', async () => await settled(database) === 1_000)
    assert.deepEqual(await readiness(), { code: 200, status: 'ready' })
  })

  it('pauses itself again, with no job dead, each time that it is resumed without a repair', async () => {
    await acceptUnpayable(300)
    await paused()
    for (let n = 0; n < 6; n++) {
      await database.sql(`update recon_jobs set run_at = now()`) // as if the backoff were over
      await database.sql('select resume_queue()')
      await paused()
      assert.equal(await deadJobs(), 0)
    }
    await database.sql(`select open_account('ACC-MISSING', 'USD')`)
    await database.sql(`update recon_jobs set run_at = now()`)
    await database.sql('select resume_queue()')
    await waitFor('all are settled', async () => await settled(database) === 300)
  })

  it('leaves no job of the batch that pauses it dead, even if a refused job has one attempt', async () => {
    await worker.stop()
    worker = await startWorker(database.url('payments_worker'), { BATCH_SIZE: '500', MAX_ATTEMPTS: '1' })
    await acceptUnpayable(1_000)
    await paused()
    assert.equal(await deadJobs(), 0)
  })

  it('is tried again after the next batch if pausing failed, and no batch is rolled back for that', async () => {
    await database.sql('revoke execute on function pause_queue(text, text) from payments_worker')
    await acceptUnpayable(1_000)
    const logged = (text: string): number => worker.log.filter(line => line.includes(text)).length
    await waitFor('the worker has tried to pause again', () => logged('queue not paused although most jobs are refused') >= 2)
    assert.equal(logged('rolled back'), 0)
    assert.equal(logged('the queue paused itself'), 0)
    await database.sql('grant execute on function pause_queue(text, text) to payments_worker')
    await waitFor('the queue is paused', () => logged('the queue paused itself') === 1)
  })
})
