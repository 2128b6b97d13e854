import type { TestDatabase } from './support/database.ts'
import type { Worker } from './support/worker.ts'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createDatabase } from './support/database.ts'
import { accept } from './support/payments.ts'
import { waitFor } from './support/wait-for.ts'
import { startWorker } from './support/worker.ts'

describe('the worker process', () => {
  let database: TestDatabase
  const workers: Worker[] = []

  beforeEach(async () => {
    database = await createDatabase()
  })
  afterEach(async () => {
    for (const worker of workers.splice(0)) {
      worker.process.kill('SIGKILL')
    }
    await database?.drop()
  })

  async function start(env: Record<string, string> = {}): Promise<Worker> {
    const worker = await startWorker(database.url('payments_worker'), env)
    workers.push(worker)
    return worker
  }
  async function settled(): Promise<number> {
    const [row] = await database.sql<{ n: number }>(`select count(*)::int as n from recon_jobs where status = 'completed'`)
    return row!.n
  }
  const payments = (n: number): { accountId: string, amount: string }[] => Array.from({ length: n }, (_, i) => ({ accountId: `ACC-${i % 20}`, amount: '1.00' }))
  async function assertSettledOnce(n: number): Promise<void> {
    assert.deepEqual(await database.sql(`
      select (select count(*)::int from ledger_entries) as entries, (select count(*)::int from reconciliation_results) as results,
             (select sum(balance)::int from accounts where kind = 'customer') as customers, (select sum(balance)::int from accounts) as total`), [
      {
        entries: 2 * n,
        results: n,
        customers: n,
        total: 0,
      },
    ])
  }

  it('is woken by a notification, long before it would poll', async () => {
    const worker = await start()
    await waitFor('the worker listens', async () => (await database.sql(`select from pg_stat_activity where application_name = 'recon-worker listen' and query like 'listen%' and state = 'idle' and datname = current_database()`)).length > 0)
    const startedAt = Date.now()
    for (let n = 1; n <= 5; n++) {
      await accept(database, payments(1))
      await database.sql('notify recon_jobs')
      await waitFor('the payment is settled', async () => await settled() === n)
    }
    assert.ok(Date.now() - startedAt < 2_500, 'five polls would take 5 s')
    assert.equal(await worker.stop(), 0)
  })

  it('polls when it hears nothing', async () => {
    await start()
    await accept(database, payments(1))
    await waitFor('the payment is settled', async () => await settled() === 1, 3_000)
  })

  it('settles what is waiting, finishes its batch on SIGTERM, says that it stopped and exits 0', async () => {
    await accept(database, payments(5_000))
    const worker = await start({ BATCH_SIZE: '100', WORKER_ID: 'stopper' })
    await waitFor('a batch is settled', async () => await settled() > 0)
    assert.equal(await worker.stop(), 0)
    const done = await settled()
    assert.ok(done < 5_000, 'it stopped before all was done')
    await assertSettledOnce(done)
    assert.deepEqual(await database.sql(`select id, stopped_at is not null as stopped, settled::int from recon_workers`), [
      { id: 'stopper', stopped: true, settled: done },
    ])
  })

  it('loses and doubles nothing when workers are killed again and again', async () => {
    await accept(database, payments(3_000))
    let kills = 0
    while (await settled() < 3_000) {
      const worker = await start({ BATCH_SIZE: '50' })
      const before = await settled()
      await waitFor('some progress', async () => await settled() >= Math.min(before + 200, 3_000))
      const exited = once(worker.process, 'exit')
      worker.process.kill('SIGKILL')
      await exited
      kills++
    }
    assert.ok(kills >= 5, `${kills} kills`)
    await assertSettledOnce(3_000)
  }).timeout(60_000)

  it('finds a job that kills it each time, and lets it end dead while its neighbours settle', async () => {
    const ids = await accept(database, payments(20))
    const killer = ids[7]!
    // Posting this one takes for ever; whenever somebody does, that worker is killed.
    await database.sql(`
      create function linger() returns trigger language plpgsql as $$ begin
        if new.payment_id = '${killer}' then perform pg_sleep(60); end if;
        return new;
      end $$`)
    await database.sql('create trigger linger before insert on ledger_entries for each row execute function linger()')

    let kills = 0
    const touched = async (): Promise<{ pid: number }[]> => database.sql<{ pid: number }>(`select pid from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`)
    const dead = async (): Promise<boolean> => (await database.sql(`select from recon_jobs where payment_id = $1 and status = 'dead'`, [killer])).length > 0
    while (!await dead()) {
      const worker = await start({ WORKER_ID: 'victim', MAX_ATTEMPTS: '3' })
      await waitFor('the killer is touched, or given up', async () => (await touched()).length > 0 || await dead())
      const [backend] = await touched()
      if (!backend)
        break
      const exited = once(worker.process, 'exit')
      worker.process.kill('SIGKILL')
      await exited
      await database.sql('select pg_terminate_backend($1)', [backend.pid])
      await waitFor('its session is gone', async () => (await touched()).length === 0)
      kills++
      await database.sql(`update recon_jobs set run_at = now() where status = 'pending' and attempts > 0`) // skips the backoff
    }
    assert.equal(kills, 4) // with its batch, which counts nothing; then three times alone
    await waitFor('the neighbours are settled', async () => await settled() === 19)
    assert.deepEqual(await database.sql(`select status, attempts, last_error from recon_jobs where payment_id = $1`, [killer]), [
      { status: 'dead', attempts: 3, last_error: 'the worker died while it was settling this job alone' },
    ])
    assert.deepEqual(await database.sql(`select distinct attempts from recon_jobs where status = 'completed'`), [{ attempts: 1 }])
    await assertSettledOnce(19)
  }).timeout(60_000)

  it('takes batches apart that fail again and again for an unknown reason, until the job to blame is dead', async () => {
    const ids = await accept(database, payments(20))
    const bad = ids[7]!
    await database.sql(`
      create function corrupt() returns trigger language plpgsql as $$ begin
        if new.payment_id = '${bad}' then raise exception 'as if corrupted' using errcode = 'XX001'; end if;
        return new;
      end $$`)
    await database.sql('create trigger corrupt before insert on ledger_entries for each row execute function corrupt()')
    await start({ MAX_ATTEMPTS: '1' })
    await waitFor('the neighbours are settled', async () => await settled() === 19, 20_000)
    await database.sql(`update recon_jobs set run_at = now() where status = 'pending'`) // skips the backoff
    await waitFor('the job to blame is dead', async () => (await database.sql(`select from recon_jobs where payment_id = $1 and status = 'dead'`, [bad])).length > 0, 20_000)
    await assertSettledOnce(19)
  }).timeout(60_000)

  it('loses its locks when it is frozen in the middle, and goes on when it thaws', async () => {
    await accept(database, payments(1))
    // Lingers while it posts, so that it can be frozen there.
    await database.sql(`create function linger() returns trigger language plpgsql as $$ begin perform pg_sleep(0.5); return null; end $$`)
    await database.sql('create trigger linger after insert on ledger_entries for each statement execute function linger()')
    const frozen = await start({ WORKER_ID: 'frozen' })
    await waitFor('it posts', async () => (await database.sql(`select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`)).length > 0)
    frozen.process.kill('SIGSTOP')
    try {
      await waitFor('its session is idle in its transaction', async () => (await database.sql(`select from pg_stat_activity where state = 'idle in transaction' and datname = current_database()`)).length > 0)
      const other = await start({ WORKER_ID: 'other' })
      await waitFor('another worker settles its job', async () => await settled() === 1, 15_000)
      assert.deepEqual(await database.sql(`select locked_by from recon_jobs`), [{ locked_by: 'other' }])
      await other.stop()
    }
    finally {
      frozen.process.kill('SIGCONT')
    }
    await accept(database, payments(1))
    await waitFor('it settles the next one', async () => await settled() === 2)
    assert.deepEqual(await database.sql(`select count(*)::int as n from recon_jobs where locked_by = 'frozen'`), [{ n: 1 }])
    await assertSettledOnce(2)
  }).timeout(40_000)

  it('goes on by itself after its connections were cut', async () => {
    const worker = await start()
    await accept(database, payments(1))
    await waitFor('the first payment is settled', async () => await settled() === 1)
    await database.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'recon-worker%' and datname = current_database()`)
    await accept(database, payments(1))
    await waitFor('the second payment is settled', async () => await settled() === 2)
    assert.equal((await fetch(`${worker.url}/ready`)).status, 200)
  })

  it('answers health checks', async () => {
    const { url } = await start()
    assert.deepEqual(await (await fetch(`${url}/health`)).json(), { status: 'ok' })
    assert.deepEqual(await (await fetch(`${url}/ready`)).json(), { status: 'ready' })
    assert.equal((await fetch(`${url}/nothing`)).status, 404)
    assert.equal((await fetch(`${url}/health`, { method: 'POST' })).status, 405)
  })

  for (const [name, value] of [
    ['PORT', 'abc'],
    ['DATABASE_URL', 'localhost'],
    ['BATCH_SIZE', '0'],
    ['MAX_ATTEMPTS', '1.5'],
    ['LOG_LEVEL', 'loud'],
  ]) {
    it(`refuses to start with ${name}=${value}, in one line that names it`, async () => {
      await assert.rejects(start({ [name!]: value! }), (error: Error) => {
        assert.match(error.message, new RegExp(`ended with 1: recon-worker: ${name} [^\n]*\n$`))
        return true
      })
    })
  }

  it('refuses to start on a port that is taken, in one line', async () => {
    const { url } = await start()
    await assert.rejects(start({ PORT: new URL(url).port }), /ended with 1: recon-worker: port \d+ on 127\.0\.0\.1 is taken; [^\n]*\n$/)
  })
})
