import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { runOnce } from '../src/run-once.ts'
import { connect } from '../src/sql/connect.ts'
import { createDatabase } from './support/database.ts'
import { accept } from './support/payments.ts'

const FOLDER = join(process.env.CONTRACTS_DIR ?? join(import.meta.dirname, '../../contracts'), 'invariants')
const invariants = readdirSync(FOLDER).filter(file => file.endsWith('.sql'))

/** One fault for each promise, planted with the triggers and keys off, as only a superuser can. */
const faults: Record<string, string[]> = {
  'account-balance-is-the-sum-of-its-entries': [`update accounts set balance = balance + 1 where id = 'ACC-1'`],
  'account-versions-have-no-gap': [`update ledger_entries set account_version = 9 where account_id = 'ACC-1' and account_version = 2`],
  'amounts-keep-the-decimals-of-their-currency': [`update ledger_entries set balance_after = 100.0 where account_id = 'ACC-1' and account_version = 1`],
  'credits-equal-debits': [`update ledger_entries set amount = amount + 1 where account_id = 'ACC-1' and account_version = 1`],
  'customers-and-settlement-cancel-out': [`update accounts set balance = balance + 1 where id = 'ACC-2'`],
  'dead-jobs-say-why': [`update recon_jobs set status = 'dead', last_error = 'x' where status = 'completed'`],
  'entries-are-in-the-order-of-time': [`update ledger_entries set created_at = now() - interval '1 day' where account_id = 'ACC-1' and account_version = 2`],
  'entries-are-on-the-right-kind-of-account': [`update ledger_entries set currency = 'EUR' where account_id = 'ACC-1'`],
  'entries-match-their-payment': [`update ledger_entries set account_id = 'ACC-9' where account_id = 'ACC-1' and account_version = 1`],
  'jobs-and-payments-agree': [`update recon_jobs set status = 'pending', finished_at = null where status = 'completed'`],
  'nothing-is-orphaned': [`delete from accounts where id = 'ACC-1'`],
  'one-payment-a-key': [
    `alter table payments drop constraint payments_caller_idempotency_key_key`,
    `update payments set idempotency_key = 'same'`,
  ],
  'one-posting-a-completed-payment': [`delete from ledger_entries where account_id = 'ACC-1' and account_version = 1`],
  'one-result-a-settled-payment': [`delete from reconciliation_results where status = 'failed'`],
  'payments-have-their-accounts-currency': [`update payments set currency = 'EUR' where account_id = 'ACC-2'`],
  'pending-payments-have-a-job': [`delete from recon_jobs where status = 'pending'`],
  'results-follow-the-rules': [`update payments set amount = 42.14 where amount = 42.13`],
  'running-balances-add-up': [`update ledger_entries set balance_after = 7.00 where account_id = 'ACC-1' and account_version = 1`],
  'settling-comes-after-accepting': [`update recon_jobs set created_at = now() + interval '1 hour' where status = 'completed'`],
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

    it(`${file} says its promise, holds, and finds its fault`, async () => {
      assert.match(sql, /^-- \S/)
      assert.deepEqual(await database.sql(sql), [])
      await database.sql('begin')
      try {
        await database.sql('set local session_replication_role = replica')
        for (const fault of faults[file.replace('.sql', '')] ?? [])
          await database.sql(fault)
        assert.notDeepEqual(await database.sql(sql), [])
      }
      finally {
        await database.sql('rollback')
      }
    })
  }
})
