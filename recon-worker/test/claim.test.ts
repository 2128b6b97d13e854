import type { Knex } from 'knex'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import pg from 'pg'
import { pino } from 'pino'
import { claimJobs } from '../src/sql/claim-jobs.ts'
import { connect } from '../src/sql/connect.ts'
import { createDatabase } from './support/database.ts'
import { startLoop } from './support/loop.ts'
import { accept } from './support/payments.ts'
import { payments, settled } from './support/settled.ts'
import { waitFor } from './support/wait-for.ts'

describe('the claim', () => {
  let database: TestDatabase
  let db: Knex
  /** The low-water mark of each claim that the worker sent. */
  let lowWaterMarks: unknown[]
  let claim: string

  beforeEach(async () => {
    database = await createDatabase()
    db = connect(database.url('payments_worker'), pino({ level: 'silent' }))
    lowWaterMarks = []
    db.on('query', ({ sql, bindings }: { sql: string, bindings: unknown[] }) => {
      if (sql.includes('skip locked')) {
        claim = sql
        lowWaterMarks.push(bindings[0])
      }
    })
  })
  afterEach(async () => {
    await db?.destroy()
    await database?.drop()
  })

  const claimed = async (lowWaterMark: Date | '-infinity'): Promise<number> =>
    await db.transaction(async trx => (await claimJobs(trx, { batchSize: 500, lowWaterMark })).length)

  /** Number of pages of recon_jobs and its indexes that the worker's claim reads. */
  async function pagesRead(lowWaterMark: Date | '-infinity'): Promise<number> {
    await claimed(lowWaterMark)
    const [{ 'QUERY PLAN': [plan] }] = await database.sql<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`explain (analyze, buffers, format json) ${claim}`, [lowWaterMark]) as [{ 'QUERY PLAN': [{ Plan: Plan }] }]
    const find = (node: Plan): Plan | undefined => node['Node Type'] === 'LockRows' ? node : node.Plans?.map(find).find(found => found)
    const locking = find(plan.Plan)
    assert.ok(locking, JSON.stringify(plan))
    return locking['Shared Hit Blocks'] + locking['Shared Read Blocks']
  }

  it('skips jobs below the low-water mark', async () => {
    await accept(database, payments(1))
    assert.equal(await claimed(new Date()), 0)
    assert.equal(await claimed('-infinity'), 1)
  })

  it('is not slowed by 100,000 jobs that are not due and 10,000 dead ones', async () => {
    await database.sql(`select open_account('ACC-1', 'USD')`)
    await database.sql(`
      set local session_replication_role = replica; -- jobs begin pending: this turns that guard off
      with p as (
        insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
        select gen_random_uuid(), 'test', n::text, sha256('x'), 'ACC-1', 'USD', 1.00, '', now(), now() from generate_series(1, 110000) n
        returning id, idempotency_key::int as n)
      insert into recon_jobs (payment_id, run_at, status, attempts, last_error, finished_at)
      select id, case when n <= 100000 then now() + interval '1 hour' else now() end,
             case when n <= 100000 then 'pending' else 'dead' end, 1, 'x', case when n > 100000 then now() end from p`)
    await database.sql('analyze recon_jobs')
    const pages = await pagesRead('-infinity')
    assert.ok(pages <= 10, `${pages} pages`)
  }).timeout(60_000)

  it('starts at the low-water mark and so skips jobs that finished while an old snapshot is held', async () => {
    const reader = new pg.Client({ connectionString: database.url() })
    await reader.connect()
    try {
      await accept(database, payments(10_000))
      await database.sql(`update recon_jobs set run_at = run_at - interval '1 hour'`)
      await database.sql('vacuum analyze recon_jobs') // on a fast machine, this update's dead rows would otherwise lie above the low-water mark
      await reader.query('begin isolation level repeatable read')
      await reader.query('select 1')
      const stop = startLoop(db)
      await waitFor('all are settled', async () => await settled(database) === 10_000)
      await stop()
      await accept(database, payments(1))
      const [{ lowWaterMark }] = await database.sql<{ lowWaterMark: Date }>(`select min(run_at) - interval '0.5 seconds' as "lowWaterMark" from recon_jobs where status = 'pending'`) as [{ lowWaterMark: Date }]
      const [all, above] = [await pagesRead('-infinity'), await pagesRead(lowWaterMark)]
      assert.ok(all > 100, `a full scan reads dead index entries: ${all} pages`)
      assert.ok(above <= 20, `from the low-water mark: ${above} pages`)
    }
    finally {
      await reader.end()
    }
  }).timeout(60_000)

  it('is a full scan at first, starts half a second below the last batch afterwards, and is a full scan again before the worker sleeps', async () => {
    await accept(database, payments(30))
    const [{ oldest }] = await database.sql<{ oldest: Date }>(`select min(run_at) as oldest from recon_jobs`) as [{ oldest: Date }]
    const stop = startLoop(db, { batchSize: 40 })
    await waitFor('the jobs are settled, and the worker made another full scan', () => lowWaterMarks.filter(mark => mark === '-infinity').length >= 2)
    await stop()
    const [first, second] = lowWaterMarks
    assert.equal(first, '-infinity')
    assert.ok(second instanceof Date && Math.abs(second.getTime() - (oldest.getTime() - 500)) < 10, String(second))
    assert.deepEqual(lowWaterMarks.map(mark => mark === '-infinity'), [true, false, true], 'a batch, an empty claim above the low-water mark, and a full scan')
  })

  it('keeps its low-water mark while the worker sleeps, and finds jobs below it before the next sleep', async () => {
    await accept(database, payments(1))
    let sleeps = 0
    const stop = startLoop(db, { onWait: () => sleeps++ })
    await waitFor('the worker sleeps', () => sleeps === 1)
    lowWaterMarks = []
    const [belowId] = await accept(database, payments(1))
    await database.sql(`update recon_jobs set run_at = run_at - interval '1 hour' where payment_id = $1`, [belowId])
    await waitFor('the worker sleeps again', () => sleeps === 2)
    await stop()
    assert.equal(await settled(database), 2)
    assert.deepEqual(lowWaterMarks.slice(0, 2).map(mark => mark === '-infinity'), [false, true])
  })
})

interface Plan {
  'Node Type': string
  'Shared Hit Blocks': number
  'Shared Read Blocks': number
  'Plans'?: Plan[]
}
