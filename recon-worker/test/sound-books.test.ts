import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import pg from 'pg'
import { pino } from 'pino'
import { runOnce } from '../src/run-once.ts'
import { connect } from '../src/sql/connect.ts'
import { anchor, brokenPromises } from './support/audit.ts'
import { copyIn } from './support/copy-in.ts'
import { createDatabase } from './support/database.ts'
import { accept } from './support/payments.ts'

const REFUSED = { code: '23001' }
const DENIED = { code: '42501' }

describe('the books', () => {
  let database: TestDatabase
  let owner: pg.Client
  let worker: pg.Client
  let api: pg.Client

  before(async () => {
    database = await createDatabase()
    ;[owner, worker, api] = [undefined, 'payments_worker', 'payments_api'].map(role => new pg.Client({ connectionString: database.url(role) })) as [pg.Client, pg.Client, pg.Client]
    await Promise.all([owner, worker, api].map(client => client.connect()))
    await accept(database, [{ amount: '10.00' }, { amount: '42.13' }, { amount: '-5.00' }])
    await settle()
    await accept(database, [{ amount: '7.00' }])
  })
  after(async () => {
    await Promise.all([owner, worker, api].map(client => client?.end()))
    await database?.drop()
  })

  async function settle(): Promise<void> {
    const db = connect(database.url('payments_worker'), pino({ level: 'silent' }))
    try {
      await runOnce(db, { workerId: 'w', batchSize: 10, maxAttempts: 3 })
    }
    finally {
      await db.destroy()
    }
  }

  describe('keep their entries in order of time', () => {
    const NOT_IN_ORDER = `
      select * from (select *, lag(created_at) over (partition by account_id order by account_version) as previous_at from ledger_entries) entry
       where created_at < previous_at or created_at > clock_timestamp()`

    for (const [what, clock, accountId] of [
      ['an hour behind', `clock_timestamp() - interval '1 hour'`, 'ACC-BEHIND'],
      ['an hour ahead', `clock_timestamp() + interval '1 hour'`, 'ACC-AHEAD'],
      ['running backwards within a batch', `now() - (extract(epoch from clock_timestamp() - now()) * interval '1 day')`, 'ACC-BACKWARDS'],
    ] as const) {
      it(`when the clock is ${what} for one posting`, async () => {
        await accept(database, ['1.00', '2.00', '3.00'].map(amount => ({ accountId, amount })))
        await settle()
        const { rows: [before] } = await owner.query<{ at: Date }>(`select clock_timestamp() as at`)
        await accept(database, ['4.00', '5.00', '6.00'].map(amount => ({ accountId, amount })))
        await database.sql(`alter table ledger_entries alter created_at set default ${clock}`)
        try {
          await settle()
        }
        finally {
          await database.sql(`alter table ledger_entries alter created_at set default clock_timestamp()`)
        }
        await accept(database, [{ accountId, amount: '8.00' }])
        await settle()
        assert.deepEqual(await database.sql(NOT_IN_ORDER), [])
        assert.deepEqual(await database.sql(`
          select count(*)::int from ledger_entries where account_id = $1 and amount between 4 and 6 and created_at >= $2`, [accountId, before!.at]), [{ count: 3 }])
      })
    }

    it('after postings by a clock that was ahead', async () => {
      await accept(database, [{ accountId: 'ACC-LATE', amount: '1.00' }])
      await settle()
      const late = `(select max(updated_at) from accounts where id = 'ACC-LATE')`
      await database.sql(`begin; set local session_replication_role = replica; update accounts set updated_at = now() + interval '1 hour' where id = 'ACC-LATE'; commit`)
      const [before] = await database.sql(`select ${late} as at`)
      await accept(database, [{ accountId: 'ACC-LATE', amount: '2.00' }])
      await settle()
      assert.deepEqual(await database.sql(`select max(created_at) as at from ledger_entries where account_id = 'ACC-LATE'`), [before])
      assert.deepEqual(await database.sql(`select ${late} as at`), [before])
    })
  })

  describe('check the decimals', () => {
    before(() => accept(database, [{ amount: '7.00' }]))

    const payment = `insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
      values (gen_random_uuid(), 'x', gen_random_uuid()::text, sha256(''), 'ACC-1', $1, $2, '', now(), now())`

    it('of a payment, whichever role inserts it', async () => {
      for (const client of [api, owner]) {
        for (const [currency, amount] of [['USD', '1e-16383'], ['USD', '1'], ['USD', '1.0'], ['USD', '1.000'], ['JPY', '1.0'], ['KWD', '1.00'], ['CLF', '1.00']])
          await assert.rejects(client.query(payment, [currency, amount]), REFUSED, `${amount} ${currency}`)
      }
    })

    it('of entries and of their running balances', async () => {
      const { rows: [open] } = await owner.query<{ id: string }>(`select id from payments where status = 'pending' limit 1`)
      const posting = (amount: string, balance: string) => `
        with entry as (
          select 'credit' as type, id, balance, version, 1 as sign from accounts where id = 'ACC-1'
          union all (select 'debit', id, balance, version, -1 from accounts where kind = 'settlement' order by version desc limit 1)),
        payment as (update payments set status = 'completed', updated_at = now() where id = '${open!.id}'),
        result as (insert into reconciliation_results (payment_id, status, matched, discrepancy_amount) values ('${open!.id}', 'completed', true, 0.00))
        insert into ledger_entries (payment_id, entry_type, account_id, currency, amount, balance_after, account_version)
        select '${open!.id}', type, id, 'USD', ${amount}, ${balance}, version + 1 from entry`
      for (const [amount, balance, constraint] of [
        ['7.00', 'balance + sign * round(7.00, 16000)', 'ledger_entries_decimals'],
        ['round(7.00, 5)', 'balance + sign * round(7.00, 5)', 'ledger_entries_decimals'],
        ['round(7.00, 3)', 'balance + sign * round(7.00, 3)', 'ledger_balanced'],
        ['7', 'balance + sign * 7', 'ledger_entries_decimals'],
      ] as const) {
        await assert.rejects(worker.query(posting(amount, balance)), { constraint }, `${amount}, ${balance}`)
      }
      await assert.rejects(worker.query(`insert into reconciliation_results (payment_id, status, matched, discrepancy_amount) values ($1, 'completed', true, round(0, 900))`, [open!.id]), { constraint: 'reconciliation_results_decimals' })
    })

    it('of a discrepancy, by the currency of its payment', async () => {
      const kwd = { accountId: 'ACC-KWD', currency: 'KWD', amount: '42.130' }
      const ids = await accept(database, [{ amount: '42.13' }, kwd])
      for (const [id, discrepancy] of [[ids[0], '0.1300'], [ids[0], '0.130'], [ids[1], '0.13'], [ids[1], '0.1300']])
        await assert.rejects(worker.query(`insert into reconciliation_results (payment_id, status, matched, discrepancy_amount) values ($1, 'completed_with_discrepancy', false, $2)`, [id, discrepancy]), { constraint: 'reconciliation_results_settle' }, discrepancy)
      await settle()
      assert.deepEqual(await database.sql(`select discrepancy_amount from reconciliation_results where payment_id = any ($1) order by array_position($1, payment_id)`, [ids]), [{ discrepancy_amount: '0.13' }, { discrepancy_amount: '0.130' }])
    })
  })

  describe('let no login set a time or a state', () => {
    for (const statement of [
      `insert into ledger_entries (payment_id, entry_type, account_id, currency, amount, balance_after, account_version, created_at) values (gen_random_uuid(), 'credit', 'ACC-1', 'USD', 1.00, 1.00, 1, now())`,
      `insert into reconciliation_results (payment_id, status, matched, discrepancy_amount, created_at) values (gen_random_uuid(), 'failed', false, 0, now())`,
      `insert into reconciliation_results (payment_id, status, matched, discrepancy_amount, settled_in) values (gen_random_uuid(), 'failed', false, 0, '1')`,
      `update payments set accepted_in = '1'`,
      `insert into audit_anchors values (1, pg_current_snapshot(), 0, 0, sha256(''), sha256(''))`,
    ])
      it(`of a worker: ${statement.slice(0, 90)}`, () => assert.rejects(worker.query(statement), DENIED))
    for (const statement of [
      `insert into payments (id, status) values (gen_random_uuid(), 'completed')`,
      `insert into payments (id, accepted_in) values (gen_random_uuid(), '1')`,
      `insert into recon_jobs (payment_id, created_at) values (gen_random_uuid(), now())`,
    ])
      it(`of an API: ${statement}`, () => assert.rejects(api.query(statement), DENIED))
  })

  const PAYMENT = `(id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at`
  const VALUES = `gen_random_uuid(), 'x', gen_random_uuid()::text, sha256(''), 'ACC-1', 'USD', 1.00, '', now()`
  const forged: [string, string][] = [
    ['an account with a balance', `insert into accounts (id, currency, balance, version) values ('EVIL', 'USD', 1000, 0)`],
    ['an account with a version', `insert into accounts (id, currency, version) values ('EVIL', 'USD', 1)`],
    ['an account with many decimals', `insert into accounts (id, currency, balance) values ('EVIL', 'USD', round(0, 900))`],
    ['an account from the past', `insert into accounts (id, currency, created_at) values ('EVIL', 'USD', '1970-01-01')`],
    ['an account that is not of today', `insert into accounts (id, currency, updated_at) values ('EVIL', 'USD', 'infinity')`],
    ['a balance, by MERGE', `merge into accounts a using (values (1)) v on a.id = 'ACC-1' when matched then update set balance = 5`],
    ['an account, by MERGE', `merge into accounts a using (values (1)) v on a.id = 'EVIL' when not matched then insert (id, currency, balance) values ('EVIL', 'USD', 5)`],
    ['a balance, by ON CONFLICT', `insert into accounts (id, currency) values ('ACC-1', 'USD') on conflict (id) do update set balance = 5`],
    ['an account\'s time, forwards', `update accounts set updated_at = 'infinity'`],
    ['an account\'s time, backwards', `update accounts set updated_at = updated_at - interval '1 second'`],
    ['a completed payment', `insert into payments ${PAYMENT}, status) values (${VALUES}, now(), 'completed')`],
    ['a payment that changed before', `insert into payments ${PAYMENT}) values (${VALUES}, now() + interval '1 day')`],
    ['a payment at no time', `insert into payments ${PAYMENT}) values (${VALUES.replace('now()', `'infinity'`)}, 'infinity')`],
    ['a payment of another transaction', `insert into payments ${PAYMENT}, accepted_in) values (${VALUES}, now(), '1')`],
    ['a payment\'s time', `update payments set updated_at = 'infinity' where status = 'completed'`],
    ['when a payment settled', `update payments set status = 'failed', updated_at = 'infinity' where status = 'pending'`],
    ['a payment\'s transaction', `update payments set accepted_in = '1'`],
    ['a completed job', `insert into recon_jobs (payment_id, status, finished_at) select id, 'completed', now() from payments limit 1`],
    ['a dead job', `insert into recon_jobs (payment_id, status, last_error, finished_at) select id, 'dead', 'x', now() from payments limit 1`],
    ['a job that was tried', `insert into recon_jobs (payment_id, attempts) select id, 1 from payments limit 1`],
    ['a job\'s beginning', `update recon_jobs set created_at = 'infinity'`],
    ['the payment of a job', `update recon_jobs set payment_id = (select payment_id from finished limit 1) where payment_id = (select payment_id from recon_jobs limit 1)`],
    ['a result from the past', `insert into reconciliation_results (payment_id, status, matched, discrepancy_amount, created_at) values (gen_random_uuid(), 'failed', false, 0, '1970-01-01')`],
    ['the time of an entry', `update ledger_entries set created_at = now()`],
    ['an anchor', `update audit_anchors set payments = 0`],
    ['the chain of anchors', `delete from audit_anchors`],
  ]
  for (const [what, statement] of forged) {
    it(`do not let even the owner forge ${what}`, async () => {
      await owner.query('begin')
      try {
        // Statements that insert a job need a payment without one.
        await owner.query(`create temp table finished on commit drop as select payment_id from recon_jobs where status = 'completed'`)
        await owner.query(`delete from recon_jobs where status = 'completed'`)
        await assert.rejects(owner.query(statement.replace('from payments limit 1', 'from payments where id in (select payment_id from finished) limit 1')), REFUSED)
      }
      finally {
        await owner.query('rollback')
      }
    })
  }

  it('let nobody put a job off for ever', async () => {
    await owner.query('begin')
    try {
      await owner.query(`delete from recon_jobs where status = 'completed'`)
      const { rows: [settled] } = await owner.query<{ id: string }>(`select id from payments where status <> 'pending' limit 1`)
      for (const [client, statement] of [
        [worker, `update recon_jobs set run_at = 'infinity' where status = 'pending'`],
        [worker, `update recon_jobs set run_at = '-infinity' where status = 'pending'`],
        [owner, `insert into recon_jobs (payment_id, run_at) values ('${settled!.id}', 'infinity')`],
      ] as const)
        await assert.rejects(client.query(statement), { constraint: 'recon_jobs_become_due' }, statement)
    }
    finally {
      await owner.query('rollback')
    }
  })

  it('compute every anchor from the rows, whatever its statement says', async () => {
    await owner.query('begin')
    try {
      await owner.query(`insert into audit_anchors (seq, snapshot, payments, results, contents, digest, created_at) values (7, '1:1:', 0, 0, sha256('x'), sha256('x'), 'infinity')`)
      await anchor(owner)
      const { rows } = await owner.query(`select seq, payments > 0 as some, created_at = now() as now from audit_anchors order by seq`)
      assert.deepEqual(rows, [{ seq: 1, some: true, now: true }, { seq: 2, some: false, now: true }])
      assert.deepEqual((await brokenPromises(owner)).filter(name => name.includes('anchor')), [])
    }
    finally {
      await owner.query('rollback')
    }
  })

  it('do not let even the owner forge an account by COPY', async () => {
    await assert.rejects(copyIn(owner, 'copy accounts (id, currency, balance) from stdin', ['EVIL\tUSD\t5']), REFUSED)
  })
})
