import type { Knex } from 'knex'
import type { RunOnceOptions } from '../src/run-once.ts'
import type { Batch } from '../src/settle-jobs.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import pg from 'pg'
import { pino } from 'pino'
import { connect } from '../src/sql/connect.ts'
import { createDatabase } from './support/database.ts'
import { accept } from './support/payments.ts'
import { settleOnce } from './support/settle-once.ts'

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
    settleOnce(on, options)

  it('settles every kind of amount: results, statuses, jobs and entries with running balances', async () => {
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

  it('claims nothing from an empty queue, or before a job is due', async () => {
    const [id] = await accept(database, [
      { amount: '1.00' },
    ])
    await database.sql(`update recon_jobs set run_at = now() + interval '1 hour' where payment_id = $1`, [id])
    assert.deepEqual(await once(), { claimed: [], settled: 0, failed: [] })
  })

  it('skips jobs that another worker holds, so that two workers never settle the same job', async () => {
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

  it('notifies the settled payments when it commits, 200 per notification, after all their accounts', async () => {
    const listener = new pg.Client({
      connectionString: database.url('payments_api'),
    })
    await listener.connect()
    const payloads: Record<string, string[]>[] = []
    const named = new Map<string, string>()
    listener.on('notification', ({ channel, payload }) => {
      if (channel === 'payment_events')
        return payloads.push(JSON.parse(payload!))
      assert.equal(payloads.length, 0)
      for (const { paymentId, accountId } of JSON.parse(payload!))
        named.set(paymentId, accountId)
    })
    try {
      await listener.query('listen payment_events; listen payment_accounts')
      const ids = await accept(database, [
        { amount: '42.13', accountId: 'A'.repeat(64) },
        { amount: '0.00' },
        ...Array.from({ length: 398 }, () => ({ amount: '1.00', accountId: 'B'.repeat(64) })),
      ])
      await once()
      await listener.query('select 1')
      assert.equal(payloads.length, 2)
      assert.deepEqual(payloads[0]?.completed_with_discrepancy, [ids[0]])
      assert.deepEqual(payloads[0]?.failed, [ids[1]])
      assert.equal(named.get(ids[0]!), 'A'.repeat(64))
      assert.deepEqual([...named.keys()].sort(), ids.toSorted())
      assert.deepEqual(payloads.flatMap(payload => Object.values(payload).flat()).sort(), ids.sort())
    }
    finally {
      await listener.end()
    }
  })

  it('finds an account as fast while an old snapshot keeps all its earlier versions', async () => {
    const reader = new pg.Client({ connectionString: database.url() })
    await reader.connect()
    /** Index entries, and rows of table scans, that the worker's lookups of accounts have read. */
    async function walked(): Promise<number> {
      await db.raw('select pg_stat_force_next_flush()')
      await db.raw('select 1') // Postgres publishes its counters when a transaction ends
      const [{ read }] = await database.sql<{ read: number }>(`select (idx_tup_read + seq_tup_read)::int as read from pg_stat_user_indexes join pg_stat_user_tables using (relid) where indexrelname = 'accounts_pkey'`) as [{ read: number }]
      return read
    }
    async function settleSome(n: number): Promise<number> {
      const before = await walked()
      for (let i = 0; i < n; i++)
        assert.equal((await once({ batchSize: 1 })).settled, 1)
      return await walked() - before
    }
    try {
      await accept(database, Array.from({ length: 600 }, () => ({ amount: '1.00' })))
      await reader.query('begin isolation level repeatable read')
      await reader.query('select from accounts limit 1')
      const first = await settleSome(20)
      await settleSome(560)
      const last = await settleSome(20)
      assert.ok(first >= 2 * 20 && last <= 1.5 * first, `${first} for the first 20 payments, each of two accounts; ${last} for the last`)
    }
    finally {
      await reader.end()
    }
  }).timeout(30_000)
})
