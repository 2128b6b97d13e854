import type { TestDatabase } from './support/database.ts'
import type { Worker } from './support/worker.ts'
import assert from 'node:assert/strict'
import pg from 'pg'
import { createDatabase } from './support/database.ts'
import { lockWaits } from './support/lock-waits.ts'
import { accept } from './support/payments.ts'
import { startProxy } from './support/proxy.ts'
import { assertSettledOnce, payments, settled } from './support/settled.ts'
import { full, size } from './support/size.ts'
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
  async function listens(): Promise<boolean> {
    return (await database.sql(`select from pg_stat_activity where application_name = 'recon-worker listen' and query like 'listen%' and state = 'idle' and datname = current_database()`)).length > 0
  }

  /** Whether the worker has been idle for this long. */
  async function asleep({ fromMs, toMs }: { fromMs: number, toMs: number }): Promise<boolean> {
    return (await database.sql(`
      select from pg_stat_activity
       where application_name = 'recon-worker' and state = 'idle' and query ilike 'commit%' and datname = current_database()
         and extract(epoch from clock_timestamp() - state_change) * 1000 between $1 and $2`, [fromMs, toMs])).length > 0
  }
  /** Accepts a payment, notifies as the API does, and waits until it is settled. */
  async function secondsToSettle(): Promise<number> {
    const before = await settled(database)
    const startedAt = performance.now()
    await accept(database, payments(1))
    await database.sql('notify recon_jobs')
    await waitFor('the payment is settled', async () => await settled(database) > before)
    return (performance.now() - startedAt) / 1_000
  }

  it('is woken by a notification long before its next poll', async () => {
    const worker = await start()
    await waitFor('the worker listens', listens)
    const times: number[] = []
    for (let n = 1; n <= 5; n++) {
      await waitFor('the worker has just begun to sleep for a second', async () => await asleep({ fromMs: 20, toMs: 200 }))
      times.push(await secondsToSettle())
      assert.equal(await settled(database), n)
    }
    assert.ok(Math.min(...times) < 0.4, `the poll would have come after 0.8 s: ${times.join(', ')}`)
    assert.equal(await worker.stop(), 0)
  })

  for (const [what, moment] of [['dead', 'before'], ['silent', 'acknowledged']] as const) {
    it(`polls every second while its LISTEN is ${what}`, async () => {
      const proxy = await startProxy(database.url('payments_worker'))
      try {
        const deaf = proxy.silence('listen', moment)
        const worker = await startWorker(proxy.url)
        workers.push(worker)
        await deaf
        await waitFor('the worker sleeps', async () => await asleep({ fromMs: 200, toMs: 900 }))
        const seconds = await secondsToSettle()
        assert.equal(await settled(database), 1)
        assert.ok(seconds < 3, `settled after ${seconds} s: by the poll, not by a LISTEN that reconnects after five`)
        if (!full)
          return
        await waitFor('the worker notices the silence and reconnects', () => worker.log.some(line => line.includes('not listening to the database')), 20_000)
        await waitFor('the worker listens', async () => await listens())
      }
      finally {
        await proxy.close()
      }
    }).timeout(60_000)
  }

  it('settles waiting jobs, finishes its batch on SIGTERM, records its stop and exits 0', async () => {
    await accept(database, payments(5_000))
    const worker = await start({ BATCH_SIZE: '100', WORKER_ID: 'stopper' })
    await waitFor('a batch is settled', async () => await settled(database) > 0)
    assert.equal(await worker.stop(), 0)
    const done = await settled(database)
    assert.ok(done < 5_000, 'the worker stopped before the queue was empty')
    await assertSettledOnce(database, done)
    assert.deepEqual(await database.sql(`select id, stopped_at is not null as stopped, settled::int from recon_workers`), [
      { id: 'stopper', stopped: true, settled: done },
    ])
  })

  it('finishes both batches in flight at SIGTERM, and claims no other', async () => {
    const holder = new pg.Client({ connectionString: database.url() })
    await holder.connect()
    try {
      await accept(database, payments(30, 'ACC-HELD'))
      await holder.query('begin')
      await holder.query(`select from accounts where id = 'ACC-HELD' for update`)
      const worker = await start({ BATCH_SIZE: '10' })
      await waitFor('both batches wait for the account', async () => await lockWaits(database) === 2)
      const exited = worker.stop()
      await waitFor('the worker drains', () => worker.log.some(line => line.includes('"draining"')))
      assert.equal(await settled(database), 0)
      await holder.query('rollback')
      assert.equal(await exited, 0)
      await assertSettledOnce(database, 20)
    }
    finally {
      await holder.end()
    }
  })

  it('loses its locks when it is frozen mid-batch beyond every timeout, and goes on when it thaws', async () => {
    await accept(database, payments(1))
    const limits = full ? '' : '?options=-c%20idle_in_transaction_session_timeout%3D500'
    const frozenForMs = size({ usual: 0, full: 35_000 }) // transaction_timeout, the longest of all, is 30 s
    // The post sleeps, so that the worker can be frozen during it.
    await database.sql(`create function linger() returns trigger language plpgsql as $$ begin perform pg_sleep(0.5); return null; end $$`)
    await database.sql('create trigger linger after insert on ledger_entries for each statement execute function linger()')
    const frozen = await startWorker(`${database.url('payments_worker')}${limits}`, { WORKER_ID: 'frozen' })
    workers.push(frozen)
    await waitFor('the worker posts', async () => (await database.sql(`select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`)).length > 0)
    const frozenAt = performance.now()
    frozen.process.kill('SIGSTOP')
    try {
      await waitFor('its session is idle in a transaction', async () => (await database.sql(`select from pg_stat_activity where state = 'idle in transaction' and datname = current_database()`)).length > 0)
      const other = await start({ WORKER_ID: 'other' })
      await waitFor('another worker settles its job', async () => await settled(database) === 1, 20_000)
      assert.deepEqual(await database.sql(`select locked_by from recon_jobs`), [{ locked_by: 'other' }])
      await other.stop()
      await waitFor('every timeout has passed', () => performance.now() - frozenAt > frozenForMs, 60_000)
    }
    finally {
      frozen.process.kill('SIGCONT')
    }
    await accept(database, payments(1))
    await waitFor('the worker settles the next payment', async () => await settled(database) === 2)
    assert.deepEqual(await database.sql(`select count(*)::int as n from recon_jobs where locked_by = 'frozen'`), [{ n: 1 }])
    await assertSettledOnce(database, 2)
  }).timeout(90_000)

  it('recovers after its connections were cut', async () => {
    const worker = await start()
    await accept(database, payments(1))
    await waitFor('the first payment is settled', async () => await settled(database) === 1)
    await database.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'recon-worker%' and datname = current_database()`)
    await accept(database, payments(1))
    await waitFor('the second payment is settled', async () => await settled(database) === 2)
    assert.equal((await fetch(`${worker.url}/ready`)).status, 200)
  })

  for (const [hours, what] of [[24, 'ahead'], [-24, 'behind']] as const) {
    it(`uses the database's clock when its own is a day ${what}`, async () => {
      const [due, later] = await accept(database, payments(2))
      await database.sql(`update recon_jobs set run_at = now() + interval '1 hour' where payment_id = $1`, [later])
      const skew = `const now = Date.now; Date.now = () => now() + ${hours} * 3600_000; globalThis.Date = class extends Date { constructor(...a) { super(...(a.length ? a : [Date.now()])) } }`
      const worker = await start({ NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(skew)}` })
      await waitFor('the due payment is settled', async () => await settled(database) === 1)
      await accept(database, payments(1))
      await waitFor('the next payment is settled', async () => await settled(database) === 2)
      assert.equal(await worker.stop(), 0)
      assert.ok(Math.abs(Date.parse((JSON.parse(worker.log[0]!) as { time: string }).time) - Date.now() - hours * 3_600_000) < 600_000, 'the worker\'s own clock is wrong')
      assert.deepEqual(await database.sql(`select status from recon_jobs where payment_id = $1`, [later]), [{ status: 'pending' }])
      assert.deepEqual(await database.sql(`
        select (select bool_and(now() - finished_at between interval '0' and interval '1 minute') from recon_jobs where payment_id = $1) as finished,
               (select bool_and(now() - created_at between interval '0' and interval '1 minute') from ledger_entries) as posted,
               (select bool_and(now() - last_seen_at between interval '0' and interval '1 minute') from recon_workers) as seen`, [due]), [
        { finished: true, posted: true, seen: true },
      ])
    })
  }

  const jobs = size({ usual: 10_000, full: 100_000 })
  it(`settles ${jobs} jobs with four workers, none twice`, async () => {
    for (let n = 0; n < jobs; n += 10_000)
      await accept(database, payments(10_000))
    const told: string[] = []
    const listener = new pg.Client({ connectionString: database.url('payments_api') })
    listener.on('notification', ({ payload }) => told.push(...Object.values(JSON.parse(payload!) as Record<string, string[]>).flat()))
    await listener.connect()
    try {
      await listener.query('listen payment_events')
      const four = await Promise.all(['a', 'b', 'c', 'd'].map(WORKER_ID => start({ WORKER_ID, BATCH_SIZE: '100' })))
      await waitFor('all are settled', async () => await settled(database) === jobs, 120_000)
      assert.deepEqual(await Promise.all(four.map(worker => worker.stop())), [0, 0, 0, 0])
      await listener.query('select 1')
    }
    finally {
      await listener.end()
    }
    await assertSettledOnce(database, jobs)
    assert.equal(told.length, jobs, 'each payment was announced once')
    assert.equal(new Set(told).size, jobs)
    const shares = await database.sql<{ settled: number, jobs: number }>(`
      select w.settled::int, (select count(*)::int from recon_jobs where locked_by = w.id) as jobs from recon_workers w`)
    assert.equal(shares.reduce((sum, share) => sum + share.settled, 0), jobs, 'the workers\' counts add up')
    assert.ok(shares.every(share => share.settled === share.jobs && share.jobs > 0), JSON.stringify(shares))
  }).timeout(180_000)

  it('responds to health checks', async () => {
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
    ['BATCHES_IN_FLIGHT', '0'],
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
