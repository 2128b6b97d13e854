import type { Api } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import type { SeedPayment } from './support/seed-payments.ts'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { pino } from 'pino'
import { PAYMENT_STATUSES } from '../src/domain/payment.ts'
import { connect } from '../src/sql/connect.ts'
import { listPayments } from '../src/sql/list-payments.ts'
import { call, startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'
import { seedPayments } from './support/seed-payments.ts'

interface Page { payments: { id: string, amount: string, accountId: string }[], nextCursor: string | null }

const STATUS = { completed: 'completed', completed_with_discrepancy: 'completed', failed: 'failed' } as const
const OUTCOME = { completed: 'matched', completed_with_discrepancy: 'discrepancy', failed: 'failed' } as const

describe('lists', () => {
  let database: TestDatabase
  let api: Api
  let payments: (SeedPayment & { id: string, createdAt: Date })[]

  before(async () => {
    database = await createDatabase()
    const specs: (SeedPayment & { createdAt: Date })[] = Array.from({ length: 120 }, (_, i) => {
      const currency = i % 3 ? 'USD' : 'JPY'
      // a yen has no fraction, and so no discrepancy
      const result = (['completed', currency === 'JPY' ? 'completed' : 'completed_with_discrepancy', 'failed', null] as const)[i * 7 % 4]!
      return {
        accountId: `${currency}-${i % 5}`,
        currency,
        amount: `${result === 'failed' ? '-' : ''}${currency === 'JPY' ? String(i + 1) : `${i + 1}.50`}`,
        createdAt: new Date(Date.UTC(2026, 0, 1, 0, i)),
        result,
        job: i % 8 !== 1 ? 'pending' : 'dead',
      }
    })
    const ids = await seedPayments(database, specs)
    payments = specs.map((spec, i) => ({ ...spec, id: ids[i]! })).reverse()
    api = await startApi(database.url('payments_api'))
  })
  after(async () => {
    await api?.stop()
    await database?.drop()
  })

  async function everyPage(query: Record<string, string>, limit: number): Promise<string[]> {
    const ids: string[] = []
    let cursor: string | null = null
    do {
      const page: Page = (await call<Page>(`${api.url}/payments?${new URLSearchParams({
        ...query,
        limit: String(limit),
        ...(cursor !== null && { cursor }),
      }).toString()}`)).body
      assert.ok(page.payments.length <= limit)
      ids.push(...page.payments.map(payment => payment.id))
      cursor = page.nextCursor
    } while (cursor !== null)
    return ids
  }

  it('find exactly the payments that the filters describe, newest first, whatever the page size', async () => {
    const minute = fc.integer({ min: 0, max: 120 }).map(i => new Date(Date.UTC(2026, 0, 1, 0, i)).toISOString())
    const filters = fc.record({
      status: fc.constantFrom(...PAYMENT_STATUSES),
      jobDead: fc.constant('true'),
      outcome: fc.constantFrom('matched', 'discrepancy', 'failed'),
      accountId: fc.constantFrom('USD-1', 'JPY-0', 'NOBODY'),
      currency: fc.constantFrom('USD', 'JPY', 'EUR'),
      amountFrom: fc.constantFrom('0', '20.5', '60'),
      amountTo: fc.constantFrom('20.5', '100', '1000'),
      absoluteAmountFrom: fc.constantFrom('0', '20.5', '60'),
      absoluteAmountTo: fc.constantFrom('20.5', '100', '1000'),
      from: fc.oneof(minute, fc.constant('1960-01-01T00:00:00Z')),
      to: minute,
    }, { requiredKeys: [] })
    await fc.assert(fc.asyncProperty(filters, fc.constantFrom(1, 7, 50, 200), async (filter, limit) => {
      const expected = payments.filter(payment =>
        (filter.status === undefined || (payment.result ? STATUS[payment.result] : 'pending') === filter.status)
        && (filter.jobDead === undefined || (payment.result === null && payment.job === 'dead'))
        && (filter.outcome === undefined || (payment.result && OUTCOME[payment.result]) === filter.outcome)
        && (filter.accountId === undefined || payment.accountId === filter.accountId)
        && (filter.currency === undefined || payment.currency === filter.currency)
        && (filter.amountFrom === undefined || Number(payment.amount) >= Number(filter.amountFrom))
        && (filter.amountTo === undefined || Number(payment.amount) <= Number(filter.amountTo))
        && (filter.absoluteAmountFrom === undefined || Math.abs(Number(payment.amount)) >= Number(filter.absoluteAmountFrom))
        && (filter.absoluteAmountTo === undefined || Math.abs(Number(payment.amount)) <= Number(filter.absoluteAmountTo))
        && (filter.from === undefined || payment.createdAt >= new Date(filter.from))
        && (filter.to === undefined || payment.createdAt < new Date(filter.to)))
      assert.deepEqual(await everyPage(filter, limit), expected.map(payment => payment.id))
    }), { numRuns: 150 })
  }).timeout(60_000)

  it('mark the pending payments whose job is dead, and no other', async () => {
    const { body } = await call<{ payments: { id: string, jobDead: boolean }[] }>(`${api.url}/payments?limit=200`)
    const dead = payments.filter(({ result, job }) => result === null && job === 'dead')
    assert.deepEqual(body.payments.filter(({ jobDead }) => jobDead).map(({ id }) => id), dead.map(({ id }) => id))
    assert.ok(dead.length > 0)
  })

  it('examine a bounded number of payments per page, and continue from there', async () => {
    const db = connect(database.url('payments_api'), 1, 'test', pino({ level: 'silent' }))
    try {
      const found: string[] = []
      let pages = 0
      let before: string | undefined
      do {
        const page = await listPayments(db, { currency: 'JPY', amountFrom: '100' }, { limit: 200, before, maxExamined: 10 })
        found.push(...page.rows.map(row => row.id))
        before = page.next
        pages++
      } while (before !== undefined)
      assert.deepEqual(found, payments.filter(payment => payment.currency === 'JPY' && Number(payment.amount) >= 100).map(payment => payment.id))
      assert.ok(pages >= 12, `${pages} pages for 120 payments, 10 examined each`)
    }
    finally {
      await db.destroy()
    }
  })

  for (const query of ['status=done', 'jobDead=false', 'outcome=completed', 'currency=XXQ', 'amountFrom=1e3', 'absoluteAmountFrom=-1', 'from=yesterday', 'to=2026-13-01T00:00:00Z']) {
    it(`refuse ?${query} with the parameter's name`, async () => {
      const { status, body } = await call<{ errors: { parameter: string }[] }>(`${api.url}/payments?${query}`)
      assert.deepEqual([status, body.errors.map(error => error.parameter)], [400, [query.split('=')[0]]])
    })
  }

  it('of payments are exported completely, with the same filters, and without formulas', async () => {
    await seedPayments(database, [
      '=1+1',
      '+1',
      '-1',
      '@x',
      'a "quoted", text',
      'two\r\nlines',
      'plain',
    ].map(description => ({ accountId: 'CSV', amount: '-5.00', description, result: 'failed' as const })))
    const { text, headers } = await call(`${api.url}/payments.csv?accountId=CSV`)
    assert.match(headers.get('content-disposition') ?? '', /payments\.csv/)
    const [header, ...lines] = text.split(/\r\n(?=id,|[0-9a-f-]{36},|$)/)
    assert.equal(header, 'id,createdAt,accountId,amount,currency,status,outcome,discrepancyAmount,description,refundedAmount')
    assert.deepEqual(lines.filter(Boolean).map(line => line.split(',').slice(2, 8).join(',')), Array.from({ length: 7 }).fill('CSV,-5.00,USD,failed,failed,'))
    assert.deepEqual(lines.filter(Boolean).map(line => line.split(',').slice(8).join(',').replace(/,0\.00$/, '')).reverse(), [
      '\'=1+1',
      '\'+1',
      '\'-1',
      '\'@x',
      '"a ""quoted"", text"',
      '"two\r\nlines"',
      'plain',
    ])
    assert.equal((await call(`${api.url}/payments.csv?currency=JPY`)).text.split('\r\n').length, 1 + 40 + 1)
  })

  it('of accounts contain customers only, ordered by id, and filter by prefix, both in any case', async () => {
    await seedPayments(database, [{ accountId: 'mixed-Case', currency: 'USD', amount: '-1.00', result: 'failed' }])
    const ids: string[] = []
    let cursor = ''
    do {
      const { body } = await call<{ accounts: { id: string }[], nextCursor: string | null }>(`${api.url}/accounts?limit=2${cursor && `&cursor=${cursor}`}`)
      ids.push(...body.accounts.map(account => account.id))
      cursor = body.nextCursor ?? ''
    } while (cursor)
    const caseless = (id: string) => [id.toLowerCase(), id].join(' ')
    assert.deepEqual(ids, ids.toSorted((one, other) => caseless(one) < caseless(other) ? -1 : 1))
    assert.ok(ids.includes('USD-1') && !ids.some(id => id.includes(':')))
    for (const prefix of ['JPY', 'jpy']) {
      const { body } = await call<{ accounts: { id: string }[] }>(`${api.url}/accounts?prefix=${prefix}`)
      assert.deepEqual(body.accounts.map(account => account.id), ['JPY-0', 'JPY-1', 'JPY-2', 'JPY-3', 'JPY-4'], prefix)
    }
  })

  it('of entries begin with the newest, and a balance at an instant includes the entries until then', async () => {
    await seedPayments(database, ['1.00', '2.00', '3.00'].map(amount => ({ accountId: 'HIST', amount, result: 'completed' as const })))
    const { body } = await call<{ entries: { amount: string, balanceAfter: string, accountVersion: number, createdAt: string }[] }>(`${api.url}/accounts/HIST/entries`)
    assert.deepEqual(body.entries.map(({ amount, balanceAfter, accountVersion }) => [amount, balanceAfter, accountVersion]), [
      ['3.00', '6.00', 3],
      ['2.00', '3.00', 2],
      ['1.00', '1.00', 1],
    ])
    const times = await database.sql<{ at: string }>(`select to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at from ledger_entries where account_id = 'HIST' order by account_version`)
    const balance = async (at?: string): Promise<unknown> => (await call<{ balance: string }>(`${api.url}/accounts/HIST/balance${at
      ? `?at=${at}`
      : ''}`)).body.balance
    assert.deepEqual([await balance('2020-01-01T00:00:00Z'), await balance('2100-01-01T00:00:00Z'), await balance()], ['0.00', '6.00', '6.00'])
    assert.equal(await balance(new Date(new Date(times[1]!.at).getTime() + 1).toISOString()), new Date(times[2]!.at).getTime() > new Date(times[1]!.at).getTime()
      ? '3.00'
      : '6.00')
    assert.equal((await call(`${api.url}/accounts/NOBODY/entries`)).status, 404)
    assert.equal((await call(`${api.url}/accounts/NOBODY`)).status, 404)
    assert.deepEqual((({ id, balance, entryCount }) => ({ id, balance, entryCount }))((await call<{ id: string, balance: string, entryCount: number }>(`${api.url}/accounts/HIST`)).body), { id: 'HIST', balance: '6.00', entryCount: 3 })
  })

  it('of entries and statements keep to a period, and a statement\'s entries lead from its opening to its closing balance', async () => {
    await seedPayments(database, Array.from({ length: 5 }, (_, i) => ({ accountId: 'PERIOD', amount: `${i + 1}.00`, result: 'completed' as const })))
    await database.sql(`set session_replication_role = replica; update ledger_entries set created_at = '2026-03-01T00:00:00.000001Z'::timestamptz + account_version * interval '1 day' where account_id = 'PERIOD'; set session_replication_role = origin`)
    const versions = async (period: string): Promise<number[]> =>
      (await call<{ entries: { accountVersion: number }[] }>(`${api.url}/accounts/PERIOD/entries?${period}`)).body.entries.map(({ accountVersion }) => accountVersion)
    const csv = async (period: string): Promise<string[][]> =>
      (await (await fetch(`${api.url}/accounts/PERIOD/statement.csv?${period}`)).text()).trimEnd().split('\r\n').slice(1).map(line => line.split(','))
    for (const [period, expected] of [
      ['', [5, 4, 3, 2, 1]],
      ['from=2026-03-03T00:00:00.000001Z&to=2026-03-05T00:00:00.000001Z', [3, 2]],
      ['from=2026-03-03T00:00:00.0000011Z&to=2026-03-05T00:00:00.0000011Z', [4, 3]],
      ['from=2026-03-04T00:00:00Z&cursor=5', [4, 3]],
      ['to=2026-03-05T00:00:00Z&cursor=5&limit=2', [3, 2]],
      ['from=2030-01-01T00:00:00Z', []],
      ['to=2020-01-01T00:00:00Z', []],
      ['from=2026-03-05T00:00:00Z&to=2026-03-02T00:00:00Z', []],
    ] as const) {
      assert.deepEqual(await versions(period), expected, period)
      if (period.includes('cursor'))
        continue
      const [opening, ...entries] = await csv(period)
      const closing = entries.pop()!
      assert.deepEqual([opening![1], closing[1]], ['opening balance', 'closing balance'])
      assert.equal(entries.length, expected.length, period)
      let balance = Number(opening![5])
      for (const [, , , amount, , after] of entries) {
        balance += Number(amount)
        assert.equal(Number(after), balance)
      }
      assert.equal(Number(closing[5]), balance, period)
    }
    const settlement = (await database.sql<{ account: string }>(`select account_id as account from ledger_entries where entry_type = 'debit' limit 1`))[0]!.account
    assert.match(await (await fetch(`${api.url}/accounts/${settlement}/statement.csv`)).text(), /,debit,[-\da-f]+,-[\d.]+,(?:USD|JPY),-/)
    assert.equal((await call(`${api.url}/accounts/NOBODY/statement.csv`)).status, 404)
  })

  it('of balances over time have the first and the last entry, and stay short', async () => {
    await seedPayments(database, Array.from({ length: 500 }, () => ({ accountId: 'BUSY', amount: '1.00', result: 'completed' as const })))
    const versions = async (account: string): Promise<number[]> => {
      const { body } = await call<{ points: { accountVersion: number, balance: string }[] }>(`${api.url}/accounts/${account}/history`)
      assert.ok(body.points.every(({ accountVersion, balance }) => account !== 'BUSY' || Number(balance) === accountVersion))
      return body.points.map(({ accountVersion }) => accountVersion)
    }
    const busy = await versions('BUSY')
    assert.deepEqual([busy.length, busy[0], busy.at(-1)], [400, 1, 500])
    assert.ok(busy.every((version, i) => i === 0 || [1, 2].includes(version - busy[i - 1]!)))
    assert.deepEqual(await versions('PERIOD'), [1, 2, 3, 4, 5])
    assert.equal((await call(`${api.url}/accounts/NOBODY/history`)).status, 404)
  })

  it('of jobs filter by status, and a dead job can be retried once', async () => {
    const jobs = async (status: string): Promise<string[]> => {
      const ids: string[] = []
      let cursor = ''
      do {
        const { body } = await call<{ jobs: { paymentId: string }[], nextCursor: string | null }>(`${api.url}/recon-jobs?status=${status}&limit=7${cursor && `&cursor=${cursor}`}`)
        ids.push(...body.jobs.map(job => job.paymentId))
        cursor = body.nextCursor ?? ''
      } while (cursor)
      return ids
    }
    const open = payments.filter(payment => !payment.result)
    const dead = open.filter(payment => payment.job === 'dead').map(payment => payment.id)
    assert.deepEqual(await jobs('dead'), dead)
    assert.deepEqual(await jobs('pending'), open.filter(payment => payment.job !== 'dead').map(payment => payment.id))
    assert.ok((await jobs('completed')).length >= 90)

    const retry = (id: string): ReturnType<typeof call<{ status: string, attempts: number, lastError: string }>> => call(`${api.url}/recon-jobs/${id}/retry`, { method: 'POST' })
    const retried = await retry(dead[0]!)
    assert.deepEqual([retried.status, retried.body.status, retried.body.attempts, retried.body.lastError], [200, 'pending', 0, 'no such account'])
    assert.deepEqual((await retry(dead[0]!)).status, 409)
    assert.equal((await retry('00000000-0000-7000-8000-000000000000')).status, 404)
    assert.equal((await jobs('dead')).length, dead.length - 1)
  })

  it('of workers come with the state of the queue in /operations', async () => {
    await database.sql(`
      insert into recon_workers (id, host, pid, last_seen_at, stopped_at, settled) values
        ('alive', 'h', 1, now(), null, 7), ('gone', 'h', 2, now() - interval '1 minute', null, 0), ('done', 'h', 3, now(), now(), 0), ('old', 'h', 4, now() - interval '2 hours', null, 0)`)
    const { body } = await call<{ queue: { waiting: number, dead: number, oldestSeconds: number }, workers: { id: string, state: string }[] }>(`${api.url}/operations`)
    assert.equal(body.queue.waiting + body.queue.dead, payments.filter(payment => !payment.result).length)
    assert.ok(body.queue.oldestSeconds >= 0)
    assert.deepEqual(Object.fromEntries(body.workers.map(({ id, state }) => [id, state])), { alive: 'running', gone: 'lost', done: 'stopped' })
  })

  it('of workers say who took over from a lost one: one that started later and runs, each from one', async () => {
    const judged = async (...rows: [id: string, started: string, seen: string, stopped?: string][]): Promise<object> => {
      await database.sql('delete from recon_workers')
      for (const [id, started, seen, stopped = null] of rows)
        await database.sql(`insert into recon_workers (id, host, pid, started_at, last_seen_at, stopped_at) values ($1, 'h', 1, now() - $2::interval, now() - $3::interval, now() - $4::interval)`, [id, started, seen, stopped])
      const { body } = await call<{ workers: { id: string, state: string, replacedBy: string | null }[] }>(`${api.url}/operations`)
      return Object.fromEntries(body.workers.map(({ id, state, replacedBy }) => [id, replacedBy ?? state]))
    }
    assert.deepEqual(await judged(['new', '1 min', '1 s'], ['gone', '9 min', '2 min'], ['done', '9 min', '2 min', '2 min']), { new: 'running', gone: 'new', done: 'stopped' })
    assert.deepEqual(await judged(['older', '9 min', '1 s'], ['gone', '9 min', '2 min']), { older: 'running', gone: 'lost' })
    // Two were lost, one at a time when only the first had a successor.
    assert.deepEqual(await judged(['new', '3 min', '1 s'], ['first', '9 min', '4 min'], ['second', '9 min', '2 min']), { new: 'running', first: 'new', second: 'lost' })
    assert.deepEqual(await judged(['new', '1 min', '1 s'], ['first', '9 min', '4 min'], ['second', '9 min', '2 min']), { new: 'running', first: 'lost', second: 'new' })
    // The successor itself is lost: its predecessor is missing too until both are replaced.
    assert.deepEqual(await judged(['new', '3 min', '2 min'], ['gone', '9 min', '4 min']), { new: 'lost', gone: 'lost' })
    assert.deepEqual(await judged(['new', '1 min', '1 s'], ['also new', '50 s', '1 s'], ['first', '9 min', '4 min'], ['second', '9 min', '2 min']), { 'new': 'running', 'also new': 'running', 'first': 'new', 'second': 'also new' })
  })

  it('are counted by route in the metrics', async () => {
    const { text } = await call(`${api.url}/metrics`)
    assert.match(text, /http_request_duration_seconds_count\{method="GET",route="\/payments",status="200"\} \d+/)
    assert.match(text, /event_stream_clients 0/)
  })
})
