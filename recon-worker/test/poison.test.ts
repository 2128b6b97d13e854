import type { Knex } from 'knex'
import type { RunOnceOptions } from '../src/run-once.ts'
import type { Batch } from '../src/settle-jobs.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import pg from 'pg'
import { pino } from 'pino'
import { connect } from '../src/sql/connect.ts'
import { createDatabase } from './support/database.ts'
import { lockWaits } from './support/lock-waits.ts'
import { accept } from './support/payments.ts'
import { settleOnce } from './support/settle-once.ts'
import { assertSettledOnce, payments } from './support/settled.ts'
import { waitFor } from './support/wait-for.ts'

const silent = pino({ level: 'silent' })

describe('a refused job', () => {
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

  /** Makes jobs that the database refuses, because their accounts do not exist. */
  async function spoil(ids: string[]): Promise<void> {
    await database.sql(`set session_replication_role = replica`)
    await database.sql(`update payments set account_id = 'ACC-MISSING' where id = any($1)`, [ids])
    await database.sql(`set session_replication_role = origin`)
  }

  it('does not stop the other 499 of its batch; it alone counts an attempt, backs off and ends dead', async () => {
    const ids = await accept(database, Array.from({ length: 500 }, (_, i) => ({ accountId: `ACC-${i % 7}`, amount: '1.00' })))
    const bad = ids[123]!
    await spoil([bad])

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
      assert.deepEqual(await database.sql(`select status, attempts, last_error = 'account "ACC-MISSING" does not exist' as told, run_at > locked_at or status = 'dead' as later from recon_jobs where payment_id = $1`, [bad]), [
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

  it('stays claimed during the search: another worker claims no job of the batch meanwhile', async () => {
    const ids = await accept(database, Array.from({ length: 100 }, () => ({ amount: '1.00' })))
    await spoil([ids[50]!])
    // Locks the account, so that the batch waits while it holds all its claims.
    const rival = new pg.Client({ connectionString: database.url() })
    await rival.connect()
    const other = connect(database.url('payments_worker'), silent)
    try {
      await rival.query('begin')
      await rival.query(`select from accounts where id = 'ACC-1' for no key update`)
      const batch = once()
      await waitFor('the post waits for the account', async () => await lockWaits(database) > 0)
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

  it('is the only one of a batch of 500 that two workers ever retry', async () => {
    const ids = await accept(database, payments(1_000))
    const bad = ids[123]!
    await spoil([bad])
    const other = connect(database.url('payments_worker'), silent)
    try {
      const tries: Batch['failed'] = []
      while (tries.at(-1)?.status !== 'dead') {
        const batches = await Promise.all([once(), once({ workerId: 'w2' }, other)])
        tries.push(...batches.flatMap(batch => batch.failed))
        await database.sql(`update recon_jobs set run_at = now() where status = 'pending'`) // skips the backoff
      }
      assert.deepEqual(tries.map(({ paymentId, status }) => [paymentId, status]), [[bad, 'pending'], [bad, 'pending'], [bad, 'dead']])
    }
    finally {
      await other.destroy()
    }
    await assertSettledOnce(database, 999)
    assert.deepEqual(await database.sql(`select payment_id, attempts from recon_jobs where status <> 'completed'`), [{ payment_id: bad, attempts: 3 }])
  })

  it('backs off exponentially, with jitter', async () => {
    const ids = await accept(database, payments(40))
    await spoil(ids)
    for (const seconds of [1, 2, 4, 8]) {
      assert.equal((await once({ maxAttempts: 9 })).failed.length, 40)
      const waits = (await database.sql<{ wait: number }>(`select extract(epoch from run_at - locked_at)::float as wait from recon_jobs`)).map(({ wait }) => wait)
      assert.ok(waits.every(wait => wait >= seconds / 2 && wait <= seconds), `${seconds} s: ${String(waits)}`)
      assert.ok(new Set(waits).size > 20, 'the retries spread out')
      await database.sql(`update recon_jobs set run_at = now()`)
    }
    await database.sql(`update recon_jobs set attempts = 30`)
    await once({ maxAttempts: 99 })
    assert.deepEqual(await database.sql(`select from recon_jobs where run_at > locked_at + interval '5 minutes'`), [], 'at most five minutes')
  })

  it('cannot settle a payment twice, even if the payment is given another job', async () => {
    const [id] = await accept(database, [{ amount: '1.00' }])
    await once()
    await database.sql(`delete from recon_jobs`)
    await database.sql(`insert into recon_jobs (payment_id) values ($1)`, [id])
    const { settled, failed } = await once({ maxAttempts: 1 })
    assert.deepEqual([settled, failed.map(({ status }) => status)], [0, ['dead']])
    assert.deepEqual(await database.sql(`select balance, version from accounts where id = 'ACC-1'`), [{ balance: '1.00', version: '1' }])
  })
})
