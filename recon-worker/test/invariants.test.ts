import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { pino } from 'pino'
import { runOnce } from '../src/run-once.ts'
import { connect } from '../src/sql/connect.ts'
import { createDatabase } from './support/database.ts'
import { accept } from './support/payments.ts'

const FOLDER = join(process.env.CONTRACTS_DIR ?? join(import.meta.dirname, '../../contracts'), 'invariants')
const invariants = readdirSync(FOLDER).filter(file => file.endsWith('.sql'))

/** The faults that each promise is proven by, planted one by one with the triggers and keys off, as only a superuser can. */
const faults: Record<string, string[]> = {
  'account-balance-is-the-sum-of-its-entries': [`update accounts set balance = balance + 1 where id = 'ACC-1'`],
  'account-versions-have-no-gap': [
    `update accounts set version = version + 1 where id = 'ACC-2'`,
    `update ledger_entries set account_version = account_version + 1 where account_id = 'ACC-1' and account_version = 2`,
    `update ledger_entries set account_version = 9 where account_id = 'ACC-1' and account_version = 2`,
  ],
  'amounts-keep-the-decimals-of-their-currency': [
    `update ledger_entries set amount = 100.000 where account_id = 'ACC-1' and account_version = 1`,
    `update ledger_entries set balance_after = 100.0 where account_id = 'ACC-1' and account_version = 1`,
  ],
  'credits-equal-debits': [`update ledger_entries set amount = amount + 1 where account_id = 'ACC-1' and account_version = 1`],
  'customers-and-settlement-cancel-out': [`update accounts set balance = balance + 1 where id = 'ACC-2'`],
  'dead-jobs-say-why': [
    `alter table recon_jobs drop constraint recon_jobs_check1; update recon_jobs set status = 'dead', finished_at = now(), attempts = 1 where status = 'pending'`,
    `update recon_jobs set status = 'dead', finished_at = now(), last_error = 'x' where status = 'pending'`,
    `update recon_jobs set status = 'dead', last_error = 'x' where status = 'completed'`,
  ],
  'entries-are-in-the-order-of-time': [`update ledger_entries set created_at = now() - interval '1 day' where account_id = 'ACC-1' and account_version = 2`],
  'entries-are-on-the-right-kind-of-account': [
    `update ledger_entries set account_id = 'ACC-2' where entry_type = 'debit' and amount = 100`,
    `update ledger_entries set currency = 'EUR' where account_id = 'ACC-1'`,
  ],
  'entries-match-their-payment': [
    `update payments set amount = amount + 1 where amount = 100`,
    `update ledger_entries set currency = 'EUR' where amount = 100`,
    `update ledger_entries set account_id = 'ACC-9' where account_id = 'ACC-1' and account_version = 1`,
  ],
  'jobs-and-payments-agree': [
    `update recon_jobs set status = 'completed', finished_at = now() where status = 'pending'`,
    `update recon_jobs set status = 'pending', finished_at = null where status = 'completed'`,
  ],
  'nothing-is-orphaned': [
    `update ledger_entries set payment_id = gen_random_uuid() where amount = 100`,
    `update ledger_entries set account_id = 'ACC-9' where amount = 100 and entry_type = 'credit'`,
    `update reconciliation_results set payment_id = gen_random_uuid() where status = 'failed'`,
    `alter table recon_jobs drop constraint recon_jobs_payment_id_fkey; update recon_jobs set payment_id = gen_random_uuid() where status = 'pending'`,
    `delete from accounts where id = 'ACC-1'`,
  ],
  'one-payment-a-key': [
    `alter table payments drop constraint payments_caller_idempotency_key_key; update payments set idempotency_key = 'same'`,
  ],
  'one-posting-a-completed-payment': [
    `delete from ledger_entries where amount = 100`,
    `update payments set status = 'failed' where amount = 100`,
    `update payments set status = 'pending' where amount = 100`,
    `delete from ledger_entries where account_id = 'ACC-1' and account_version = 1`,
  ],
  'one-result-a-settled-payment': [
    `update payments set status = 'completed' where status = 'pending'`,
    `update payments set status = 'pending' where status = 'completed'`,
    `update payments set status = 'failed' where status = 'completed'`,
    `delete from reconciliation_results where status = 'failed'`,
  ],
  'payments-have-their-accounts-currency': [`update payments set currency = 'EUR' where account_id = 'ACC-2'`],
  'pending-payments-have-a-job': [
    `update recon_jobs set status = 'completed', finished_at = now() where status = 'pending'`,
    `delete from recon_jobs where status = 'pending'`,
  ],
  'results-follow-the-rules': [
    `update payments set amount = 1 where amount = 0`,
    `update reconciliation_results set discrepancy_amount = 0.14 where discrepancy_amount > 0`,
    `update payments set amount = 42.14 where amount = 42.13`,
  ],
  'running-balances-add-up': [
    `update ledger_entries set balance_after = balance_after + 1 where entry_type = 'debit'`,
    `update ledger_entries set balance_after = 7.00 where account_id = 'ACC-1' and account_version = 1`,
  ],
  'settling-comes-after-accepting': [
    `update reconciliation_results set created_at = created_at - interval '1 hour'`,
    `update ledger_entries set created_at = created_at - interval '1 hour'`,
    `update recon_jobs set created_at = now() + interval '1 hour' where status = 'completed'`,
  ],
}

describe('the invariants', () => {
  let database: TestDatabase

  before(async () => {
    database = await createDatabase()
    await accept(database, ['100.00', '42.13', '0.00', '-5.00'].map(amount => ({ amount })))
    const db = connect(database.url('payments_worker'), pino({ level: 'silent' }))
    await runOnce(db, { workerId: 'w', batchSize: 10, maxAttempts: 3 })
    await db.destroy()
    await accept(database, [
      { accountId: 'ACC-2', amount: '1.00' },
    ])
  })
  after(async () => {
    await database?.drop()
  })

  it('have a fault each that they are proven by', () => {
    assert.deepEqual(invariants.map(file => file.replace('.sql', '')).sort(), Object.keys(faults).sort())
  })

  for (const file of invariants) {
    const sql = readFileSync(join(FOLDER, file), 'utf8')

    it(`${file} says its promise, holds, and finds each of its faults`, async () => {
      assert.match(sql, /^-- \S/)
      assert.deepEqual(await database.sql(sql), [])
      for (const fault of faults[file.replace('.sql', '')] ?? []) {
        await database.sql('begin')
        try {
          await database.sql('set local session_replication_role = replica')
          await database.sql(fault)
          assert.notDeepEqual(await database.sql(sql), [], fault)
        }
        finally {
          await database.sql('rollback')
        }
      }
    })
  }

  it('all hold after finished jobs were pruned, and what waits settles as before', async () => {
    const owner = new pg.Client({ connectionString: database.url() })
    await owner.connect()
    try {
      await owner.query(`update recon_jobs set run_at = now() where status = 'pending'`)
      assert.equal((await owner.query(`delete from recon_jobs where status = 'completed'`)).rowCount, 4)
      await assert.rejects(owner.query(`delete from recon_jobs`), { code: '23001' }, 'a waiting job is never pruned')
    }
    finally {
      await owner.end()
    }
    const db = connect(database.url('payments_worker'), pino({ level: 'silent' }))
    assert.equal((await runOnce(db, { workerId: 'w', batchSize: 10, maxAttempts: 3 })).settled, 1)
    await db.destroy()
    for (const file of invariants)
      assert.deepEqual(await database.sql(readFileSync(join(FOLDER, file), 'utf8')), [], file)
    assert.deepEqual(await database.sql(`select count(*)::int as payments, count(j)::int as jobs from payments left join recon_jobs j on j.payment_id = id`), [{ payments: 5, jobs: 1 }])
  })
})
