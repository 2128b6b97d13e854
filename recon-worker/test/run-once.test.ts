import type { Knex } from 'knex'
import type { RunOnceOptions } from '../src/run-once.ts'
import type { Batch } from '../src/settle.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import pg from 'pg'
import { pino } from 'pino'
import { runAlone, runOnce } from '../src/run-once.ts'
import { connect } from '../src/sql/connect.ts'
import { createDatabase } from './support/database.ts'
import { accept } from './support/payments.ts'
import { waitFor } from './support/wait-for.ts'

const silent = pino({ level: 'silent' })

describe('runOnce', () => {
  let database: TestDatabase
  let db: Knex

  beforeEach(async () => {
    database = await createDatabase()
    db = connect(database.url('payments_worker'), silent)
  })
  afterEach(async () => {
    await db?.destroy()
    await database?.drop()
  })

  const once = (options: Partial<RunOnceOptions> = {}, on = db): Promise<Batch> =>
    runOnce(on, {
      workerId: 'w1',
      batchSize: 500,
      maxAttempts: 3,
      ...options,
    })

  it('settles the four outcomes: results, statuses, jobs and entries with running balances', async () => {
    const ids = await accept(database, [
      { amount: '100.00' },
      { amount: '42.13' },
      { amount: '0.00' },
      { amount: '-5.00' },
    ])
    const batch = await once()
    assert.deepEqual([batch.claimed.length, batch.settled, batch.failed], [4, 4, []])

    assert.deepEqual(await database.sql(`
      select p.status, r.status as result, r.matched, r.discrepancy_amount as discrepancy, r.notes, j.status as job, j.attempts, j.locked_by
        from unnest($1::uuid[]) with ordinality i(id, n)
        join payments p using (id) join reconciliation_results r on r.payment_id = id join recon_jobs j on j.payment_id = id
       order by n`, [ids]), [
      {
        status: 'completed',
        result: 'completed',
        matched: true,
        discrepancy: '0.00',
        notes: null,
        job: 'completed',
        attempts: 1,
        locked_by: 'w1',
      },
      {
        status: 'completed',
        result: 'completed_with_discrepancy',
        matched: false,
        discrepancy: '0.13',
        notes: 'the amount ends in .13: 0.13 is in dispute',
        job: 'completed',
        attempts: 1,
        locked_by: 'w1',
      },
      {
        status: 'failed',
        result: 'failed',
        matched: false,
        discrepancy: '0.00',
        notes: 'the amount is zero',
        job: 'completed',
        attempts: 1,
        locked_by: 'w1',
      },
      {
        status: 'failed',
        result: 'failed',
        matched: false,
        discrepancy: '0.00',
        notes: 'the amount is negative',
        job: 'completed',
        attempts: 1,
        locked_by: 'w1',
      },
    ])
    assert.deepEqual(await database.sql(`
      select payment_id, entry_type, amount, balance_after, account_version
        from ledger_entries where account_id = 'ACC-1' order by account_version`), [
      {
        payment_id: ids[0],
        entry_type: 'credit',
        amount: '100.00',
        balance_after: '100.00',
        account_version: '1',
      },
      {
        payment_id: ids[1],
        entry_type: 'credit',
        amount: '42.13',
        balance_after: '142.13',
        account_version: '2',
      },
    ])
    assert.deepEqual(await database.sql(`select sum(balance)::text as total from accounts`), [
      { total: '0.00' },
    ])
    assert.deepEqual(await database.sql(`
      select count(*)::int as debits, bool_and(account_id ~ '^settlement:USD:[0-7]$') as settlement, sum(amount)::text as sum
        from ledger_entries where entry_type = 'debit'`), [
      { debits: 2, settlement: true, sum: '142.13' },
    ])
  })

  it('finds nothing to do on an empty queue and before a job is due', async () => {
    const [id] = await accept(database, [
      { amount: '1.00' },
    ])
    await database.sql(`update recon_jobs set run_at = now() + interval '1 hour' where payment_id = $1`, [id])
    assert.deepEqual(await once(), { claimed: [], settled: 0, failed: [] })
  })

  it('leaves out jobs below the low-water mark', async () => {
    await accept(database, [
      { amount: '1.00' },
    ])
    assert.equal((await once({
      since: new Date(),
    })).settled, 0)
    assert.equal((await once()).settled, 1)
  })

  it('skips jobs that another worker holds, and two workers never settle one twice', async () => {
    await accept(database, Array.from({ length: 1_000 }, (_, i) => ({ accountId: `ACC-${i % 7}`, amount: '1.00' })))
    const other = connect(database.url('payments_worker'), silent)
    try {
      const batches: Batch[] = []
      for (let i = 0; i < 6; i++) {
        batches.push(...await Promise.all([
          once({ batchSize: 100 }),
          once({ batchSize: 100, workerId: 'w2' }, other),
        ]))
      }
      const ids = batches.flatMap(batch => batch.claimed.map(job => job.paymentId))
      assert.equal(ids.length, 1_000)
      assert.equal(new Set(ids).size, 1_000)
      assert.deepEqual(await database.sql(`select count(*)::int as entries from ledger_entries`), [
        { entries: 2_000 },
      ])
      assert.deepEqual(await database.sql(`select id, balance::text, version::text from accounts where kind = 'customer' and (version <> balance or version < 142)`), [])
    }
    finally {
      await other.destroy()
    }
  })

  it('settles a batch of 500 around one bad job, which alone counts an attempt, backs off, and ends dead', async () => {
    const ids = await accept(database, Array.from({ length: 500 }, (_, i) => ({ accountId: `ACC-${i % 7}`, amount: '1.00' })))
    // Its account does not exist: its posting is refused.
    const bad = ids[123]!
    await database.sql(`set session_replication_role = replica`)
    await database.sql(`update payments set account_id = 'ACC-MISSING' where id = $1`, [bad])
    await database.sql(`set session_replication_role = origin`)

    for (const [attempt, status] of [
      [1, 'pending'],
      [2, 'pending'],
      [3, 'dead'],
    ] as const) {
      const batch = await once()
      assert.equal(batch.settled, attempt === 1 ? 499 : 0)
      assert.deepEqual(batch.failed.map(({ paymentId, status }) => [paymentId, status]), [
        [bad, status],
      ])
      assert.deepEqual(await database.sql(`select status, attempts, last_error ~ '^null value in column "balance_after".*SQLSTATE 23502' as told, run_at > now() or status = 'dead' as later from recon_jobs where payment_id = $1`, [bad]), [
        {
          status,
          attempts: attempt,
          told: true,
          later: true,
        },
      ])
      await database.sql(`update recon_jobs set run_at = now() where status = 'pending'`)
    }
    assert.deepEqual(await once(), { claimed: [], settled: 0, failed: [] })
    assert.deepEqual(await database.sql(`select status from payments where id = $1`, [bad]), [
      { status: 'pending' },
    ])

    await database.sql(`select open_account('ACC-MISSING', 'USD')`)
    assert.deepEqual(await database.sql(`select retry_dead_job($1) as retried`, [bad]), [
      { retried: true },
    ])
    assert.equal((await once()).settled, 1)
  })

  it('keeps a bad job to itself: another worker that claims meanwhile meets none of the batch', async () => {
    const ids = await accept(database, Array.from({ length: 100 }, () => ({ amount: '1.00' })))
    await database.sql(`set session_replication_role = replica`)
    await database.sql(`update payments set account_id = 'ACC-MISSING' where id = $1`, [ids[50]])
    await database.sql(`set session_replication_role = origin`)
    // Holds the account, so that the halves without the bad job wait in the middle of the bisection.
    const rival = new pg.Client({ connectionString: database.url() })
    await rival.connect()
    const other = connect(database.url('payments_worker'), silent)
    try {
      await rival.query('begin')
      await rival.query(`select from accounts where id = 'ACC-1' for no key update`)
      const batch = once()
      await waitFor('the posting waits', async () => (await database.sql(`select from pg_stat_activity where application_name = 'recon-worker' and wait_event_type = 'Lock' and datname = current_database()`)).length > 0)
      assert.deepEqual(await once({ workerId: 'w2' }, other), { claimed: [], settled: 0, failed: [] })
      await rival.query('rollback')
      const { settled, failed } = await batch
      assert.deepEqual([settled, failed.map(({ paymentId }) => paymentId)], [99, [ids[50]]])
    }
    finally {
      await other.destroy()
      await rival.end()
    }
  })

  it('rolls everything back on a deadlock, counts nothing, and can be run again', async () => {
    await accept(database, [{ amount: '1.00' }])
    const rival = new pg.Client({ connectionString: database.url() })
    await rival.connect()
    try {
      await rival.query('begin')
      await rival.query(`select from accounts where kind = 'settlement' for no key update`)
      const deadlocked = assert.rejects(once(), { code: '40P01' })
      await waitFor('the posting waits for settlement', async () => (await database.sql(`select from pg_stat_activity where application_name = 'recon-worker' and wait_event_type = 'Lock' and datname = current_database()`)).length > 0)
      await Promise.all([deadlocked, rival.query(`select from accounts where id = 'ACC-1' for no key update`)])
      await rival.query('rollback')
    }
    finally {
      await rival.end()
    }
    assert.deepEqual(await database.sql(`select status, attempts, last_error from recon_jobs`), [{ status: 'pending', attempts: 0, last_error: null }])
    assert.equal((await once()).settled, 1)
  })

  it('alone, too, counts nothing for a lock that another transaction holds too long', async () => {
    const [id] = await accept(database, [{ amount: '1.00' }])
    const rival = new pg.Client({ connectionString: database.url() })
    await rival.connect()
    const impatient = connect(`${database.url('payments_worker')}?options=-c%20lock_timeout%3D100`, silent)
    try {
      await rival.query('begin')
      await rival.query(`select from accounts where id = 'ACC-1' for no key update`)
      for (let i = 0; i < 4; i++)
        await assert.rejects(runAlone(impatient, { workerId: 'w1', maxAttempts: 3 }), { code: '55P03' })
      await rival.query('rollback')
      assert.deepEqual(await database.sql(`select status, attempts, last_error from recon_jobs where payment_id = $1`, [id]), [{ status: 'pending', attempts: 0, last_error: null }])
      assert.equal((await runAlone(impatient, { workerId: 'w1', maxAttempts: 3 })).settled, 1)
    }
    finally {
      await impatient.destroy()
      await rival.end()
    }
  })

  it('is not slowed by 100,000 jobs that are not due and 10,000 dead ones', async () => {
    await database.sql(`select open_account('ACC-1', 'USD')`)
    await database.sql(`
      with p as (
        insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
        select gen_random_uuid(), 'test', n::text, sha256('x'), 'ACC-1', 'USD', 1, '', now(), now() from generate_series(1, 110000) n
        returning id, idempotency_key::int as n)
      insert into recon_jobs (payment_id, run_at, status, attempts, last_error, finished_at)
      select id, case when n <= 100000 then now() + interval '1 hour' else now() end,
             case when n <= 100000 then 'pending' else 'dead' end, 1, 'x', case when n > 100000 then now() end from p`)
    await database.sql('analyze recon_jobs')
    const [{ 'QUERY PLAN': [plan] }] = await database.sql<{ 'QUERY PLAN': [{ Plan: Record<string, unknown> }] }>(`
      explain (analyze, buffers, format json)
      select payment_id from recon_jobs where status = 'pending' and run_at <= now() and run_at >= '-infinity'
       order by run_at, payment_id limit 500 for update skip locked`) as [{ 'QUERY PLAN': [{ Plan: Record<string, unknown> }] }]
    assert.ok(Number(plan.Plan['Shared Hit Blocks']) + Number(plan.Plan['Shared Read Blocks']) <= 10, JSON.stringify(plan.Plan))
  })

  it('notifies what it settled when it commits, 200 payments a notification', async () => {
    const listener = new pg.Client({
      connectionString: database.url('payments_api'),
    })
    await listener.connect()
    const payloads: Record<string, string[]>[] = []
    listener.on('notification', ({ payload }) => payloads.push(JSON.parse(payload!)))
    try {
      await listener.query('listen payment_events')
      const ids = await accept(database, [
        { amount: '42.13' },
        { amount: '0.00' },
        ...Array.from({ length: 398 }, () => ({ amount: '1.00' })),
      ])
      await once()
      await listener.query('select 1')
      assert.equal(payloads.length, 2)
      assert.deepEqual(payloads[0]?.completed_with_discrepancy, [ids[0]])
      assert.deepEqual(payloads[0]?.failed, [ids[1]])
      assert.deepEqual(payloads.flatMap(payload => Object.values(payload).flat()).sort(), ids.sort())
    }
    finally {
      await listener.end()
    }
  })

  it('rolls everything back when its connection is lost in the middle', async () => {
    await accept(database, [
      { amount: '1.00' },
    ])
    // Hold the account, so that the posting waits for it; then end the worker's backend.
    const rival = new pg.Client({
      connectionString: database.url(),
    })
    await rival.connect()
    try {
      await rival.query('begin')
      await rival.query(`select from accounts where id = 'ACC-1' for no key update`)
      const lost = assert.rejects(once())
      let waiting: unknown[] = []
      while (waiting.length === 0)
        waiting = await database.sql(`select pid from pg_stat_activity where application_name = 'recon-worker' and wait_event_type = 'Lock'`)
      await database.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'recon-worker' and datname = current_database()`)
      await lost
      await rival.query('rollback')
    }
    finally {
      await rival.end()
    }
    assert.deepEqual(await database.sql(`select status, attempts from recon_jobs`), [
      { status: 'pending', attempts: 0 },
    ])
    assert.equal((await once()).settled, 1)
  })
})
