import type pg from 'pg'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { Refusal } from './refusal.ts'

const HTTP_TIMEOUT_MS = 10_000
const SETTLE_TIMEOUT_MS = 30_000
const POLL_MS = 50
const AMOUNT = '100.00'

/** One run: the system under test and the payment that the run creates. */
interface Validation {
  api: string
  database: pg.Client
  accountId: string
  key: string
  /** Set by the first check. */
  paymentId: string
}

interface Check {
  /** The name in the guide's summary. */
  name: string
  /** Returns a short description of the result. Throws a Refusal if the result is not the expected one. */
  check: (validation: Validation) => Promise<string>
}

/** The checks, in order; each depends on the previous ones. */
export const checks: Check[] = [
  {
    name: 'Payment creation',
    async check(validation) {
      const { status, body } = await postPayment(validation)
      expectEqual('The status of POST /payments', status, 201)
      const { accountId, amount, currency, status: paymentStatus } = body
      expectEqual('The payment', {
        accountId,
        amount,
        currency,
        status: paymentStatus,
      }, {
        accountId: validation.accountId,
        amount: AMOUNT,
        currency: 'USD',
        status: 'pending',
      })
      validation.paymentId = String(body.id)
      return `201, payment ${validation.paymentId}`
    },
  },
  {
    name: 'Database persistence',
    async check({ database, paymentId, accountId, key }) {
      const rows = await query(database, 'select account_id, amount::text, currency, description, idempotency_key from payments where id = $1', paymentId)
      expectEqual('The payment\'s row', rows, [
        {
          account_id: accountId,
          amount: AMOUNT,
          currency: 'USD',
          description: 'Validation',
          idempotency_key: key,
        },
      ])
      return 'the row matches the request'
    },
  },
  {
    name: 'Job queue',
    async check({ database, paymentId }) {
      const rows = await query(database, 'select count(*)::int as jobs from recon_jobs where payment_id = $1', paymentId)
      expectEqual('The number of jobs', rows, [
        { jobs: 1 },
      ])
      return 'one reconciliation job'
    },
  },
  {
    name: 'Worker processing',
    async check({ api, database, paymentId }) {
      const begin = Date.now()
      let payment = await getJson(`${api}/payments/${paymentId}`)
      while (payment.status === 'pending' && Date.now() - begin < SETTLE_TIMEOUT_MS) {
        await delay(POLL_MS)
        payment = await getJson(`${api}/payments/${paymentId}`)
      }
      const { status, outcome } = payment
      expectEqual(`The payment after at most ${SETTLE_TIMEOUT_MS / 1000} s`, { status, outcome }, { status: 'completed', outcome: 'matched' })
      const rows = await query(database, `
        select j.status as job, r.status as result, r.matched
        from recon_jobs j join reconciliation_results r using (payment_id) where payment_id = $1`, paymentId)
      expectEqual('The job and the result', rows, [
        { job: 'completed', result: 'completed', matched: true },
      ])
      return `settled after ${Date.now() - begin} ms`
    },
  },
  {
    name: 'Ledger updates',
    async check({ database, paymentId, accountId }) {
      const rows = await query(database, `
        select entry_type, amount::text, currency,
          case entry_type when 'credit' then account_id end as account,
          case entry_type when 'credit' then balance_after::text end as balance
        from ledger_entries where payment_id = $1 order by entry_type`, paymentId)
      expectEqual('The ledger entries', rows, [
        {
          entry_type: 'credit',
          amount: AMOUNT,
          currency: 'USD',
          account: accountId,
          balance: AMOUNT,
        },
        {
          entry_type: 'debit',
          amount: AMOUNT,
          currency: 'USD',
          account: null,
          balance: null,
        },
      ])
      return `one credit to the account, one equal debit, running balance ${AMOUNT}`
    },
  },
  {
    name: 'Balance endpoint',
    async check({ api, accountId }) {
      const balance = await getJson(`${api}/accounts/${accountId}/balance`)
      expectEqual('The balance', balance, { accountId, balance: AMOUNT, currency: 'USD' })
      return `${balance.balance} ${balance.currency}`
    },
  },
  {
    name: 'Idempotency',
    async check(validation) {
      const { api, database, accountId, key, paymentId } = validation
      const again = await postPayment(validation)
      expectEqual('The response to the repeated request', { status: again.status, id: again.body.id, replayed: again.replayed }, { status: 201, id: paymentId, replayed: 'true' })
      const other = await postPayment(validation, '1.00')
      expectEqual('The response to the same key with another amount', { status: other.status }, { status: 422 })
      const rows = await query(database, `
        select (select count(*)::int from payments where idempotency_key = $1) as payments,
          (select count(*)::int from recon_jobs where payment_id = $2) as jobs,
          (select count(*)::int from ledger_entries where payment_id = $2) as entries`, key, paymentId)
      expectEqual('The number of rows after the repeated request', rows, [
        { payments: 1, jobs: 1, entries: 2 },
      ])
      expectEqual('The balance after the repeated request', await getJson(`${api}/accounts/${accountId}/balance`), { accountId, balance: AMOUNT, currency: 'USD' })
      return 'the repeated request returned the first payment, and nothing was done twice'
    },
  },
]

type Json = Record<string, unknown>

async function postPayment({ api, accountId, key }: Validation, amount = AMOUNT) {
  return request(`${api}/payments`, {
    method: 'POST',
    headers: { 'Idempotency-Key': key, 'Content-Type': 'application/json' },
    // Written as text, since JSON.stringify would send 100.00 as 100.
    body: `{"accountId": "${accountId}", "amount": ${amount}, "description": "Validation"}`,
  })
}

async function getJson(url: string): Promise<Json> {
  return (await request(url)).body
}

async function request(url: string, init: RequestInit = {}) {
  try {
    const response = await fetch(url, {
      ...init,
      signal: AbortSignal.timeout(HTTP_TIMEOUT_MS),
    })
    return {
      status: response.status,
      replayed: response.headers.get('Idempotent-Replayed'),
      body: await response.json() as Json,
    }
  }
  catch (error) {
    const { message, cause } = error as Error & { cause?: { message?: string, code?: string } }
    throw new Refusal(`${init.method ?? 'GET'} ${url} did not return JSON (${cause?.code ?? cause?.message ?? message}). Is the API running? See \`make status\`.`)
  }
}

async function query(database: pg.Client, sql: string, ...parameters: string[]): Promise<Json[]> {
  return (await database.query<Json>(sql, parameters)).rows
}

function expectEqual(what: string, actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected))
    throw new Refusal(`${what} is not as expected.`, [`expected: ${JSON.stringify(expected)}`, `actual:   ${JSON.stringify(actual)}`])
}
