import type pg from 'pg'
import type { MeasureContext } from '../../bench/measure.ts'
import assert from 'node:assert/strict'
import { startStack } from '../../bench/bench-stack.ts'
import { createPeerDatabase, POST_ONE, postBatch } from '../../bench/settlers/peer-posting.ts'
import { openAccounts, settledPayments, verify } from '../../bench/settlers/settler.ts'
import { waitUntil } from '../../bench/wait-until.ts'

const AMOUNTS = ['12.50', '42.13', '0.13', '0.00', '-5.00', '-42.13', '100.00', '12.50']
const ACCOUNTS = 3
const START_TIMEOUT_MS = 240_000
const TIMEOUT_MS = 60_000

describe('the posting of peers', function () {
  this.timeout(START_TIMEOUT_MS)
  const resources = new AsyncDisposableStack()
  let ours: pg.Client
  let batch: pg.Client
  let single: pg.Client

  before(async () => {
    const signal = new AbortController().signal
    const context: MeasureContext = { resources, signal, compare: async () => {}, note: () => {}, progress: () => {}, scaled: full => full }
    const bench = await startStack(context)
    ours = bench.database
    batch = await createPeerDatabase(bench, 'batch', resources)
    single = await createPeerDatabase(bench, 'single', resources)
    for (const database of [ours, batch, single])
      await accept(database)
    await ours.query('insert into recon_jobs (payment_id) select id from payments')
    await waitUntil('our worker has settled them', async () => (await ours.query(`select from payments where status = 'pending'`)).rowCount === 0, TIMEOUT_MS, signal)
    const one = await paymentIds(single)
    for (const id of [...one, ...one]) // a job may run twice
      await single.query(POST_ONE, [id])
    const all = await paymentIds(batch)
    for (const ids of [all.slice(0, 5), all])
      await batch.query(postBatch('select unnest($1::uuid[])'), [ids])
  })
  after(() => resources.disposeAsync())

  it('equals our worker\'s, in a batch and one by one', async () => {
    const expected = await posted(ours)
    assert.equal(expected.filter(row => row.result === 'completed').length, 3)
    assert.deepEqual(await posted(batch), expected)
    assert.deepEqual(await posted(single), expected)
  })

  it('passes verification, and is counted', async () => {
    for (const database of [ours, batch, single]) {
      await verify(database)
      assert.equal(await settledPayments(database), 5)
    }
  })

  for (const [what, sql] of [
    ['a payment without its debit', `delete from ledger_entries where entry_type = 'debit' and amount = 100`],
    ['a payment without entries', `with gone as (delete from ledger_entries where amount = 100 returning account_id, entry_type, amount) update accounts a set balance = balance - case entry_type when 'credit' then amount else -amount end, version = version - 1 from gone where a.id = gone.account_id`],
    ['a wrong amount', `update ledger_entries set amount = 99 where amount = 100`],
    ['a wrong account', `update ledger_entries set account_id = 'BENCH-2', account_version = 1000 where entry_type = 'credit' and amount = 100`],
    ['a failed payment that was posted', `update payments set status = 'failed' where amount = 100`],
    ['a pending payment that was posted', `update payments set status = 'pending' where amount = 100`],
    ['a wrong balance', `update accounts set balance = balance + 1 where id = 'BENCH-0'`],
    ['a wrong version', `update accounts set version = version + 1 where id = 'BENCH-0'`],
  ] as const) {
    it(`is void with ${what}`, async () => {
      await batch.query('begin')
      try {
        assert.notEqual((await batch.query(sql)).rowCount, 0)
        await assert.rejects(verify(batch), /the run is void/)
      }
      finally {
        await batch.query('rollback')
      }
    })
  }
})

async function accept(database: pg.Client): Promise<void> {
  await openAccounts(database, ACCOUNTS)
  await database.query(`
    insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
    select uuidv7(), 'test', n::text, sha256('x'), 'BENCH-' || n % ${ACCOUNTS}, 'USD', amount, 'Test', now(), now()
      from unnest($1::numeric[]) with ordinality as i (amount, n)`, [AMOUNTS])
}

async function paymentIds(database: pg.Client): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>('select id from payments order by id')
  return rows.map(({ id }) => id)
}

/** Everything written for each payment, except for what differs between runs: ids, times, the settlement account's number. */
async function posted(database: pg.Client): Promise<Record<string, unknown>[]> {
  const { rows } = await database.query<Record<string, unknown>>(`
    select p.idempotency_key, p.status, r.status as result, r.matched, r.discrepancy_amount::text,
           credit.account_id, credit.amount::text as credited, credit.balance_after::text, credit.account_version,
           debit.amount::text as debited, a.balance::text, a.version
      from payments p
      join reconciliation_results r on r.payment_id = p.id
      join accounts a on a.id = p.account_id
      left join ledger_entries credit on credit.payment_id = p.id and credit.entry_type = 'credit'
      left join ledger_entries debit on debit.payment_id = p.id and debit.entry_type = 'debit' and debit.account_id like 'settlement:USD:%'
     order by p.idempotency_key`)
  return rows
}
