import type { TestDatabase } from '../support/database.ts'
import type { State } from './support/verify-pacts.ts'
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { firstUuidv7At } from '../../src/domain/uuidv7.ts'
import { seedPayments } from '../support/seed-payments.ts'
import { settleAll } from '../support/settle.ts'
import { waitFor } from '../support/wait-for.ts'
import { requestJson } from './support/request-json.ts'

/** A new account for each use of a state, so that no interaction sees payments of another. */
const newAccountId = (): string => `ACC-${randomUUID().slice(0, 8)}`

/** The provider states that the pacts name. They are set up through the API, or in the database as accepting and settling leave it. */
export function providerStates({ url, database }: { url: string, database: TestDatabase }): Record<string, State> {
  let rival: pg.Client | undefined

  async function pay(facts: Record<string, unknown>, idempotencyKey: string): Promise<void> {
    await requestJson(`${url}/payments`, { idempotencyKey, body: facts })
  }

  /** A settled payment of 100.00 with a refund, which waits. */
  async function refund({ amount = '30.00', reason = 'Returned goods' }: Record<string, unknown> = {}) {
    const accountId = newAccountId()
    const idempotencyKey = randomUUID()
    const [paymentId] = await seedPayments(database, [{ accountId, amount: '100.00', result: 'completed' }])
    const { id } = await requestJson<{ id: string }>(`${url}/payments/${paymentId}/refunds`, { idempotencyKey, body: { amount, reason } })
    return { accountId, paymentId: paymentId!, refundId: id, idempotencyKey }
  }

  return {
    'an idempotency key that was never used': async () => ({ idempotencyKey: randomUUID() }),

    'a payment was made with an idempotency key': async (facts) => {
      const idempotencyKey = randomUUID()
      await pay(facts, idempotencyKey)
      return { idempotencyKey }
    },

    // Another transaction holds the key.
    'a payment is being made with an idempotency key': {
      setup: async (facts) => {
        const idempotencyKey = randomUUID()
        rival = new pg.Client({ connectionString: database.url('payments_api') })
        await rival.connect()
        await rival.query('select open_account($1, $2)', [facts.accountId, facts.currency])
        await rival.query('begin')
        await rival.query(`
          insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
          values ($1, 'anonymous', $2, sha256(''), $3, $4, $5, '', now(), now())`, [firstUuidv7At(new Date()), idempotencyKey, facts.accountId, facts.currency, facts.amount])
        return { idempotencyKey }
      },
      teardown: async () => rival?.end(),
    },

    'an account holds a currency': async ({ currency }) => {
      const accountId = newAccountId()
      await database.sql('select open_account($1, $2)', [accountId, currency])
      return { accountId }
    },

    'payments of an account have settled': async ({ amounts }) => {
      const accountId = newAccountId()
      const now = Date.now()
      const ids = await seedPayments(database, (amounts as string[]).map((amount, i) => ({
        accountId,
        amount,
        createdAt: new Date(now + i),
        result: amount.endsWith('.13') ? 'completed_with_discrepancy' : 'completed',
      })))
      const cursorOf = async (path: string): Promise<string> => {
        const { nextCursor } = await requestJson<{ nextCursor: string | null }>(`${url}${path}`)
        return nextCursor ?? 'there is one page only'
      }
      return {
        accountId,
        paymentId: ids.at(-1)!,
        from: new Date(now - 60_000).toISOString(),
        to: new Date(now + 60_000).toISOString(),
        paymentsCursor: await cursorOf(`/payments?limit=1&accountId=${accountId}`),
        entriesCursor: await cursorOf(`/accounts/${accountId}/entries?limit=1`),
      }
    },

    'a payment is waiting': async () => {
      const accountId = newAccountId()
      const [paymentId] = await seedPayments(database, [{ accountId, amount: '100.00', result: null }])
      return { accountId, paymentId: paymentId! }
    },

    'a payment was given up': async () => {
      const accountId = newAccountId()
      const [paymentId] = await seedPayments(database, [{ accountId, amount: '100.00', result: null, job: 'dead' }])
      return { accountId, paymentId: paymentId! }
    },

    'a refund of a payment waits': refund,

    'a refund of a payment has settled': async () => {
      const facts = await refund()
      await settleAll(database)
      return facts
    },

    'a refund was given up': async () => {
      const facts = await refund()
      await database.sql(`update recon_jobs set status = 'dead', attempts = 5, last_error = 'no such account', locked_by = 'worker-1', locked_at = now(), finished_at = now() where payment_id = $1`, [facts.refundId])
      return facts
    },

    'the queue is running': async () => void await database.sql('select resume_queue()'),

    'the queue is paused': async () => void await database.sql(`select pause_queue('operator', 'a test')`),

    'a worker is settling payments and one waits': async () => {
      await database.sql('select resume_queue()')
      await database.sql(`insert into recon_workers (id, host, pid) values ('worker-1', 'here', 1) on conflict (id) do update set last_seen_at = now()`)
      const [, settled] = await seedPayments(database, [
        { accountId: newAccountId(), amount: '100.00', result: null },
        { accountId: newAccountId(), amount: '100.00', result: 'completed' },
      ])
      await database.sql(`select pg_notify('payment_events', $1)`, [JSON.stringify({ completed: [settled] })])
      await waitFor('the API has received the notification', async () => (await requestJson<{ settled: { settled: number } }>(`${url}/operations`)).settled.settled > 0)
    },

    // messages.ts sets these up: the event must happen after the stream is open.
    'a payment settles': async () => {},
    'a refund settles': async () => {},
    'a payment is accepted': async () => {},
  }
}
