import type { Knex } from 'knex'
import assert from 'node:assert/strict'
import { countExceptions, MAX_EXCEPTIONS } from '../src/sql/count-exceptions.ts'
import { call } from './support/api.ts'
import { seedPayments } from './support/seed-payments.ts'
import { useApi } from './support/use-api.ts'

describe('the exceptions in /operations', () => {
  const { database, api } = useApi()

  const counts = async (): Promise<object> => (await call<{ exceptions: object }>(`${api.url}/operations`)).body.exceptions

  it('count the payments that settled with a discrepancy and those that failed', async () => {
    assert.deepEqual(await counts(), { discrepancy: 0, failed: 0 })
    await seedPayments(database, (['completed', 'completed_with_discrepancy', 'failed', 'failed', null] as const).map(result => ({ accountId: 'A', amount: result === 'failed' ? '-1.00' : '1.00', result })))
    assert.deepEqual(await counts(), { discrepancy: 1, failed: 2 })
  })

  it('leave out refunds, as the list of payments does', async () => {
    await database.sql(`begin; set local session_replication_role = replica;
      with refund as (
        insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at, refund_of)
        select gen_random_uuid(), 'c', 'refund', sha256(''), 'A', 'USD', 1.13, '', now(), now(), id from payments where status = 'completed' limit 1 returning id)
      insert into reconciliation_results (payment_id, status, matched, discrepancy_amount, notes) select id, 'completed_with_discrepancy', false, 0.13, 'n' from refund; commit`)
    assert.deepEqual(await counts(), { discrepancy: 1, failed: 2 })
  })

  it('are counted up to a limit, in the index of exceptions alone', async () => {
    await database.sql(`set session_replication_role = replica`) // the rows need no payments: only the counting is tested
    await database.sql(`
      insert into reconciliation_results (payment_id, status, matched, discrepancy_amount, notes)
      select gen_random_uuid(), case when i % 50 = 0 then 'failed' else 'completed' end, i % 50 > 0, 0, case when i % 50 = 0 then 'n' end from generate_series(1, 100000) i`)
    await database.sql(`vacuum analyze reconciliation_results`)
    assert.deepEqual(await counts(), { discrepancy: 1, failed: MAX_EXCEPTIONS })

    let plan = ''
    const explain = { raw: async (sql: string) => {
      plan = JSON.stringify(await database.sql(`explain (format json) ${sql}`))
      return { rows: [] }
    } }
    await countExceptions(explain as unknown as Knex)
    assert.doesNotMatch(plan, /Seq Scan/)
    assert.equal(plan.match(/"Index Name":"reconciliation_results_exceptions"/g)?.length, 2)
  })
})
