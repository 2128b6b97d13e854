import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import pg from 'pg'
import { pino } from 'pino'
import { runOnce } from '../src/run-once.ts'
import { connect } from '../src/sql/connect.ts'
import { copyIn } from './support/copy-in.ts'
import { createDatabase } from './support/database.ts'
import { accept } from './support/payments.ts'

interface Entry { payment: string, type: string, account: string, amount: string, balance: string, version: number, currency?: string }

/** The database itself refuses these, for every role. Each test uses a role that could try. */
describe('the ledger', () => {
  let database: TestDatabase
  let worker: pg.Client
  let owner: pg.Client
  let settled: string
  let payment: string
  let other: string
  /** A settlement account without entries. */
  let fresh: string

  before(async () => {
    database = await createDatabase()
    ;[settled, payment, other] = await accept(database, [
      { amount: '10.00' },
      { amount: '7.00' },
      { accountId: 'ACC-2', amount: '7.00' },
    ]) as [string, string, string]
    const db = connect(database.url('payments_worker'), pino({ level: 'silent' }))
    await runOnce(db, { workerId: 'w', batchSize: 1, maxAttempts: 3 })
    await db.destroy()
    worker = new pg.Client({ connectionString: database.url('payments_worker') })
    owner = new pg.Client({ connectionString: database.url() })
    await Promise.all([worker.connect(), owner.connect()])
    assert.deepEqual(await database.sql(`select balance, version from accounts where id = 'ACC-1'`), [
      { balance: '10.00', version: '1' },
    ])
  })
  after(async () => {
    await Promise.all([worker?.end(), owner?.end()])
    await database?.drop()
  })

  /** A valid posting of the second payment. */
  const sound = (): [Entry, Entry] => [
    { payment, type: 'credit', account: 'ACC-1', amount: '7.00', balance: '17.00', version: 2 },
    { payment, type: 'debit', account: fresh, amount: '7.00', balance: '-7.00', version: 1 },
  ]
  before(async () => {
    [{ id: fresh }] = await database.sql<{ id: string }>(`select id from accounts where kind = 'settlement' and version = 0 order by id limit 1`) as [{ id: string }]
  })

  /** Posts in one statement, as workers did before migration 0014, and rolls back. */
  async function post(as: pg.Client, entries: Entry[], { complete = [payment] } = {}): Promise<void> {
    await as.query('begin')
    try {
      await as.query(`
        with payment as (
          update payments set status = 'completed' where id = any($8)),
        result as (
          insert into reconciliation_results (payment_id, status, matched, discrepancy_amount)
          select id, 'completed', true, 0.00 from unnest($8::uuid[]) id)
        insert into ledger_entries (payment_id, entry_type, account_id, amount, balance_after, account_version, currency)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::numeric[], $5::numeric[], $6::bigint[], $7::text[])`, [
        entries.map(entry => entry.payment),
        entries.map(entry => entry.type),
        entries.map(entry => entry.account),
        entries.map(entry => entry.amount),
        entries.map(entry => entry.balance),
        entries.map(entry => entry.version),
        entries.map(entry => entry.currency ?? 'USD'),
        complete,
      ])
      const { rows } = await as.query<{ sum: string }>(`select sum(balance)::text as sum from accounts`)
      assert.equal(rows[0]?.sum, '0.00')
    }
    finally {
      await as.query('rollback')
    }
  }

  it('accepts a valid posting and moves both balances', async () => {
    await post(worker, sound())
  })

  const unsound: [string, string, () => [Entry[], { complete: string[] }?]][] = [
    ['a credit alone', 'ledger_balanced', () => [sound().slice(0, 1)]],
    ['a debit alone', 'ledger_balanced', () => [sound().slice(1)]],
    ['a debit of another amount', 'ledger_balanced', () => [[sound()[0], { ...sound()[1], amount: '6.00', balance: '-6.00' }]]],
    [
      'both legs of an amount that is not the payment\'s',
      'ledger_balanced',
      () => [
        [{ ...sound()[0], amount: '8.00', balance: '18.00' }, { ...sound()[1], amount: '8.00', balance: '-8.00' }],
      ],
    ],
    ['a credit on an account that is not the payment\'s', 'ledger_balanced', () => [[{ ...sound()[0], account: 'ACC-2', balance: '7.00', version: 1 }, sound()[1]]]],
    ['another currency', 'ledger_balanced', () => [sound().map(entry => ({ ...entry, currency: 'EUR' }))]],
    ['a payment that does not exist', 'ledger_balanced', () => [sound().map(entry => ({ ...entry, payment: '00000000-0000-7000-8000-000000000000' }))]],
    ['a payment that is not completed', 'ledger_balanced', () => [sound(), { complete: [] }]],
    ['the two sides swapped', 'ledger_balanced', () => [sound().map(({ type, ...entry }) => ({ ...entry, type: type === 'credit' ? 'debit' : 'credit' }))]],
    ['a debit on a customer\'s account', 'ledger_chained', () => [[sound()[0], { ...sound()[1], account: 'ACC-2' }]]],
    ['an account that does not exist', 'ledger_chained', () => [[sound()[0], { ...sound()[1], account: 'settlement:USD:99' }]]],
    ['a version that leaves a gap', 'ledger_chained', () => [[{ ...sound()[0], version: 3 }, sound()[1]]]],
    ['a version that is taken', 'ledger_entries_account_id_account_version_key', () => [[{ ...sound()[0], version: 1 }, sound()[1]]]],
    ['a balance that does not add up', 'ledger_chained', () => [[{ ...sound()[0], balance: '17.01' }, sound()[1]]]],
    ['a posting that was made before', 'ledger_entries_pkey', () => [sound().map(entry => ({ ...entry, payment: settled, amount: '10.00' }))]],
    ['NaN', 'ledger_entries_amount_check', () => [sound().map(entry => ({ ...entry, amount: 'NaN' }))]],
    ['a negative amount', 'ledger_entries_amount_check', () => [sound().map(entry => ({ ...entry, amount: '-7.00' }))]],
    [
      'two payments whose chains break between them',
      'ledger_chained',
      () => [
        [
          ...sound(),
          { payment: other, type: 'credit', account: 'ACC-2', amount: '7.00', balance: '7.00', version: 1 },
          { payment: other, type: 'debit', account: fresh, amount: '7.00', balance: '-15.00', version: 2 },
        ],
        { complete: [payment, other] },
      ],
    ],
  ]
  for (const [what, constraint, attempt] of unsound) {
    it(`refuses ${what}, from a worker and from the owner`, async () => {
      await assert.rejects(post(worker, ...attempt()), { constraint })
      await assert.rejects(post(owner, ...attempt()), { constraint })
    })
  }

  it('proves entries inserted by COPY too', async () => {
    const copy = async (as: pg.Client, entries: Entry[]): Promise<void> => await copyIn(
      as,
      'copy ledger_entries (payment_id, entry_type, account_id, currency, amount, balance_after, account_version) from stdin',
      entries.map(entry => [entry.payment, entry.type, entry.account, 'USD', entry.amount, entry.balance, entry.version].join('\t')),
    )
    for (const as of [worker, owner]) {
      await assert.rejects(copy(as, sound()), { constraint: 'ledger_balanced' }, 'the payment is pending')
      await assert.rejects(copy(as, sound().map(entry => ({ ...entry, payment: settled, amount: '10.00' }))), { constraint: 'ledger_entries_pkey' })
    }
  })

  it('posts each payment that gets a result, whichever role inserts it', async () => {
    for (const as of [worker, owner]) {
      await as.query('begin')
      try {
        await as.query(`
          insert into reconciliation_results (payment_id, status, matched, discrepancy_amount)
          values ('${payment}', 'completed', true, 0.00), ('${other}', 'failed', false, 0.00)`)
        const { rows } = await as.query(`
          select p.status, e.entry_type as type, e.account_id as account, e.currency, e.amount, e.balance_after as balance, a.balance = e.balance_after and a.version = e.account_version as moved
            from payments p
            left join ledger_entries e on e.payment_id = p.id
            left join accounts a on a.id = e.account_id
           where p.id in ('${payment}', '${other}')
           order by p.status, e.entry_type`)
        assert.deepEqual(rows.map(({ account, balance, ...row }) => ({ ...row, account: account?.replace(/:\d$/, ''), balance: account === 'ACC-1' ? balance : undefined })), [
          { status: 'completed', type: 'credit', account: 'ACC-1', currency: 'USD', amount: '7.00', balance: '17.00', moved: true },
          { status: 'completed', type: 'debit', account: 'settlement:USD', currency: 'USD', amount: '7.00', balance: undefined, moved: true },
          { status: 'failed', type: null, account: undefined, currency: null, amount: null, balance: undefined, moved: null },
        ])
      }
      finally {
        await as.query('rollback')
      }
    }
  })

  it('accepts no result without a pending payment, and no status without a result', async () => {
    for (const as of [worker, owner]) {
      await assert.rejects(as.query(`
        insert into reconciliation_results (payment_id, status, matched, discrepancy_amount)
        values ('${payment}', 'failed', false, 0.00), (gen_random_uuid(), 'failed', false, 0.00)`), { constraint: 'reconciliation_results_settle' })
      for (const status of ['completed', 'failed'])
        await assert.rejects(as.query(`update payments set status = '${status}', updated_at = now() where id = '${payment}'`), { code: '23001' })
      await assert.rejects(as.query(`
        with result as (insert into reconciliation_results (payment_id, status, matched, discrepancy_amount) values ('${payment}', 'completed', true, 0.00))
        update payments set status = 'completed' where id = '${payment}'`), { constraint: 'reconciliation_results_settle' }, 'without entries')
      await assert.rejects(as.query(`
        with result as (insert into reconciliation_results (payment_id, status, matched, discrepancy_amount) values ('${payment}', 'failed', false, 0.00))
        update payments set status = 'completed' where id = '${payment}'`), { code: /^23/ }, 'with another status')
    }
  })

  it('accepts one result per payment, and statuses that only move forward, also from a worker', async () => {
    for (const [statement, refusal] of [
      [`insert into reconciliation_results (payment_id, status, matched, discrepancy_amount) values ('${settled}', 'completed', true, 0)`, { constraint: 'reconciliation_results_pkey' }],
      [`update payments set status = 'failed' where id = '${settled}'`, { code: '23001' }],
      [`update payments set status = 'pending' where id = '${settled}'`, { code: '23001' }],
      [`update payments set status = 'paid' where id = '${payment}'`, { constraint: 'payments_status_check' }],
      [`update recon_jobs set status = 'pending', finished_at = null where payment_id = '${settled}'`, { code: '23001' }],
      [`update recon_jobs set attempts = 0 where payment_id = '${settled}'`, { code: '23001' }],
      [`update recon_jobs set status = 'completed', attempts = 1, locked_by = 'w', locked_at = now(), finished_at = now() where payment_id = '${payment}'`, { code: '23001' }],
      [`update recon_jobs set status = 'dead', finished_at = now() where payment_id = '${payment}'`, { constraint: 'recon_jobs_check1' }],
    ] as const)
      await assert.rejects(worker.query(statement), refusal, statement)
  })

  const DENIED = { code: '42501' }
  const forbidden: [string, string][] = [
    ['move a balance', `update accounts set balance = 0`],
    ['open an account', `insert into accounts (id, currency) values ('X', 'USD')`],
    ['make a payment', `insert into payments (id) values (gen_random_uuid())`],
    ['change an amount', `update payments set amount = 1`],
    ['delete a job', `delete from recon_jobs`],
    ['change an entry', `update ledger_entries set amount = 1`],
    ['delete a result', `delete from reconciliation_results`],
    ['truncate the entries', `truncate ledger_entries`],
    ['delete a payment', `delete from payments`],
    ['create a table', `create table x ()`],
    ['switch the triggers off', `alter table ledger_entries disable trigger all`],
    ['switch the triggers off for itself', `set session_replication_role = replica`],
    ['become the owner', `set role postgres`],
    ['retry a dead job', `select retry_dead_job(gen_random_uuid())`],
    ['open an account by the function', `select open_account('X', 'USD')`],
  ]
  for (const [what, statement] of forbidden) {
    it(`does not let a worker ${what}`, async () => {
      await assert.rejects(worker.query(statement), DENIED)
    })
  }

  it('does not let the API settle, post, or change a payment', async () => {
    const api = new pg.Client({ connectionString: database.url('payments_api') })
    await api.connect()
    try {
      for (const statement of [
        `update payments set status = 'completed'`,
        `update recon_jobs set status = 'completed'`,
        `insert into reconciliation_results (payment_id, status, matched, discrepancy_amount) values ('${payment}', 'completed', true, 0)`,
        `insert into ledger_entries (payment_id) values ('${payment}')`,
        `update accounts set balance = 1`,
        `insert into accounts (id, currency) values ('X', 'USD')`,
        `delete from payments`,
      ])
        await assert.rejects(api.query(statement), DENIED, statement)
    }
    finally {
      await api.end()
    }
  })

  const REFUSED = { code: '23001' }
  const immutable: [string, string][] = [
    ['update an entry', `update ledger_entries set amount = amount`],
    ['delete an entry', `delete from ledger_entries`],
    ['truncate the entries', `truncate ledger_entries`],
    ['update a result', `update reconciliation_results set notes = ''`],
    ['delete a result', `delete from reconciliation_results`],
    ['truncate the results', `truncate reconciliation_results`],
    ['delete a payment', `delete from payments`],
    ['change what was paid', `update payments set amount = 1`],
    ['settle a payment twice', `update payments set status = 'failed' where status = 'completed'`],
    ['take a payment back to pending', `update payments set status = 'pending' where status = 'completed'`],
    ['reopen a finished job', `update recon_jobs set status = 'pending', finished_at = null where status = 'completed'`],
    ['delete a waiting job', `delete from recon_jobs where status = 'pending'`],
    ['finish a job without a result', `update recon_jobs set status = 'completed', finished_at = now() where status = 'pending'`],
    ['move a balance', `update accounts set balance = balance + 1`],
    ['delete an account', `delete from accounts`],
    ['change an account\'s currency', `update accounts set currency = 'EUR'`],
  ]
  for (const [what, statement] of immutable) {
    it(`does not let even the owner ${what}`, async () => {
      await assert.rejects(owner.query(statement), REFUSED)
    })
  }

  it('never lets a payment name a settlement account', async () => {
    await assert.rejects(owner.query(`
      insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
      values (gen_random_uuid(), 'x', 'x', sha256(''), 'settlement:USD:0', 'USD', 1, '', now(), now())`), { constraint: 'payments_account_id_check' })
    await assert.rejects(owner.query(`select open_account('settlement:USD:9', 'USD')`), { constraint: 'accounts_id_check' })
  })

  for (const amount of ['NaN', 'Infinity', '-Infinity', '1e15']) {
    it(`refuses a payment of ${amount}`, async () => {
      await assert.rejects(owner.query(`
        insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
        values (gen_random_uuid(), 'x', 'x', sha256(''), 'A', 'USD', $1, '', now(), now())`, [amount]), { constraint: 'payments_amount_check' })
    })
  }
})
