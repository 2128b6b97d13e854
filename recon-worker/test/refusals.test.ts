import type { Knex } from 'knex'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { pino } from 'pino'
import { connect } from '../src/sql/connect.ts'
import { createDatabase } from './support/database.ts'
import { accept } from './support/payments.ts'
import { settleOnce } from './support/settle-once.ts'
import { payments } from './support/settled.ts'

describe('refused jobs', () => {
  let database: TestDatabase
  let db: Knex
  let posts: number

  beforeEach(async () => {
    database = await createDatabase()
    db = connect(database.url('payments_worker'), pino({ level: 'silent' }))
    posts = 0
    db.on('query', ({ sql }: { sql: string }) => posts += sql.includes('insert into reconciliation_results') ? 1 : 0)
  })
  afterEach(async () => {
    await db?.destroy()
    await database?.drop()
  })

  /** Changes rows with triggers and foreign keys disabled, which no login may do. */
  async function tamper(statement: string, values: unknown[]): Promise<void> {
    await database.sql('set session_replication_role = replica')
    await database.sql(statement, values)
    await database.sql('set session_replication_role = origin')
  }
  /** Makes the database refuse jobs for a cause that only a post reveals. */
  async function refuse(ids: string[]): Promise<void> {
    await database.sql('create table refused as select unnest($1::uuid[]) as id', [ids])
    await database.sql('grant select on refused to public')
    await database.sql(`
      create function refuse() returns trigger language plpgsql as $$ begin
        if exists (select from refused where id = new.payment_id) then raise exception 'as if refused'; end if;
        return new;
      end $$`)
    await database.sql('create trigger refuse before insert on ledger_entries for each row execute function refuse()')
  }

  it('with known causes are found by one statement, each with its exact cause; the others settle in one more post', async () => {
    const ids = await accept(database, [...payments(20, 'ACC-1'), { accountId: 'ACC-EUR', currency: 'EUR', amount: '1.00' }, { accountId: 'ACC-KWD', currency: 'KWD', amount: '1.000' }])
    const [missing, known, done, otherCurrency, posted] = ids
    const noShards = ids.at(-1)
    await tamper(`update payments set account_id = 'ACC-NONE' where id = $1`, [missing])
    await tamper(`insert into reconciliation_results (payment_id, status, matched, discrepancy_amount) values ($1, 'completed', true, 0)`, [known])
    await tamper(`update payments set status = 'failed' where id = $1`, [done])
    await tamper(`update payments set account_id = 'ACC-EUR' where id = $1`, [otherCurrency])
    await tamper(`insert into ledger_entries (payment_id, entry_type, account_id, currency, amount, balance_after, account_version) values ($1, 'credit', 'ACC-9', 'USD', 1, 1, 1)`, [posted])
    await tamper(`delete from accounts where id like $1`, ['settlement:KWD:%'])

    const { settled, failed } = await settleOnce(db)
    assert.equal(settled, 16)
    assert.equal(posts, 2)
    const errors = new Map(failed.map(({ paymentId, error }) => [paymentId, error]))
    assert.deepEqual([missing, known, done, otherCurrency, posted].map(id => errors.get(id!)), [
      'account "ACC-NONE" does not exist',
      'the payment already has a result',
      'the payment is already failed',
      'the payment is in USD, but account "ACC-EUR" is in EUR',
      'the payment is already posted',
    ])
    assert.match(errors.get(noShards!)!, /^settlement account "settlement:KWD:[0-7]" does not exist$/)
    assert.deepEqual(await database.sql(`select distinct attempts, status from recon_jobs where last_error is not null`), [{ attempts: 1, status: 'pending' }])
  })

  it('with unknown causes are found one by one, in bounded time; the remaining jobs are deferred and count no attempt', async () => {
    const ids = await accept(database, payments(500))
    const bad = ids.filter((_, i) => i % 10 === 0)
    await refuse(bad)
    for (let settled = 0; settled < 450;) {
      posts = 0
      const batch = await settleOnce(db, { maxAttempts: 99 })
      assert.ok(posts <= 2, `${posts} posts`)
      assert.equal(batch.settled + batch.failed.length + (batch.deferred?.length ?? 0), batch.claimed.length)
      assert.ok(batch.settled + batch.failed.length > 0, 'each transaction gets something done')
      assert.ok(batch.failed.every(({ paymentId }) => bad.includes(paymentId)))
      settled += batch.settled
      await database.sql(`update recon_jobs set run_at = now() where status = 'pending' and attempts = 0`)
    }
    assert.deepEqual(await database.sql(`
      select distinct status, attempts, last_error from recon_jobs where payment_id <> all($1)`, [bad]), [
      { status: 'completed', attempts: 1, last_error: null },
    ])
    assert.deepEqual(await database.sql(`
      select distinct status, last_error from recon_jobs where payment_id = any($1) and attempts > 0`, [bad]), [
      { status: 'pending', last_error: 'as if refused (SQLSTATE P0001)' },
    ])
  }).timeout(120_000)

  it('delay no new payment: deferred jobs wait up to two seconds instead', async () => {
    const ids = await accept(database, payments(500))
    await refuse(ids)
    const startedAtMs = performance.now()
    const { failed, deferred = [] } = await settleOnce(db, { maxAttempts: 99 })
    assert.ok(performance.now() - startedAtMs < 2_000)
    assert.equal(failed.length + deferred.length, 500)
    assert.ok(failed.length > 0)
    const waits = await database.sql<{ ms: number }>(`
      select extract(epoch from run_at - now()) * 1000 as ms from recon_jobs where payment_id = any($1) and attempts = 0`, [deferred])
    assert.equal(waits.length, deferred.length)
    assert.ok(waits.every(({ ms }) => ms <= 2_000))
  })
})
