import type { Made } from './support/refunds.ts'
import assert from 'node:assert/strict'
import { call } from './support/api.ts'
import { pay, refund } from './support/refunds.ts'
import { seedPayments } from './support/seed-payments.ts'
import { settleAll } from './support/settle.ts'
import { useApi } from './support/use-api.ts'

interface Row extends Made { paymentId: string, refundId: string | null, accountId: string, entryType: string, refundedAmount: string, status: string }
interface Expected { id: string, paymentId: string, accountId: string, status: string }

const DISCREPANCY = '50.13'

describe('lists with refunds', () => {
  const { database, api } = useApi()
  /** Newest first. */
  let refunds: Expected[]
  /** Payments by what was refunded of them, newest first. */
  const payments: Record<'none' | 'queued' | 'part' | 'full', string[]> = { none: [], queued: [], part: [], full: [] }
  let dead: string

  before(async () => {
    for (const [i, kind] of (['none', 'part', 'full', 'queued', 'part', 'full', 'full', 'part', 'none'] as const).entries()) {
      const { body } = await pay(api.url, { accountId: `ACC-${i % 2}`, amount: i % 3 ? '100.00' : DISCREPANCY })
      payments[kind].unshift(body.id)
    }
    await settleAll(database)
    for (const id of payments.part)
      await refund(api.url, id, { amount: '10.13' })
    for (const id of payments.full) {
      for (const body of [{ amount: '10.00' }, { amount: '20.00' }, {}])
        await refund(api.url, id, body)
    }
    await settleAll(database)
    for (const id of payments.queued)
      await refund(api.url, id, { amount: '5.00' })
    dead = (await refund(api.url, payments.part[0]!, { amount: '5.00' }, 'dead')).body.id
    await database.sql(`update recon_jobs set status = 'dead', attempts = 5, last_error = 'no such account', finished_at = now() where payment_id = $1`, [dead])
    refunds = await database.sql<Expected>('select id, refund_of as "paymentId", account_id as "accountId", status from payments where refund_of is not null order by id desc')
    assert.equal(refunds.length, 3 + 3 * 3 + 1 + 1)
  })

  async function everyPage(path: string, name: string, query: Record<string, string>, limit: number): Promise<string[]> {
    const ids: string[] = []
    let cursor: string | null = null
    do {
      const search: string = new URLSearchParams({ ...query, limit: String(limit), ...(cursor !== null && { cursor }) }).toString()
      const { body } = await call<Record<string, Made[]> & { nextCursor: string | null }>(`${api.url}/${path}?${search}`)
      assert.ok(body[name]!.length <= limit)
      ids.push(...body[name]!.map(({ id }) => id))
      cursor = body.nextCursor
    } while (cursor !== null)
    return ids
  }
  const newestFirst = (...ids: string[][]): string[] => ids.flat().sort().reverse()

  it('of refunds are exactly those that the filters describe, newest first, whatever the page size', async () => {
    const [some, none] = [payments.full[1]!, payments.none[0]!]
    for (const status of [undefined, 'pending', 'completed']) {
      for (const paymentId of [undefined, some, some.toUpperCase(), payments.part[0]!, none]) {
        for (const accountId of [undefined, 'ACC-0', 'ACC-1', 'NOBODY']) {
          const expected = refunds.filter(each => (status === undefined || each.status === status)
            && (paymentId === undefined || each.paymentId === paymentId.toLowerCase()) && (accountId === undefined || each.accountId === accountId))
          const query = Object.fromEntries(Object.entries({ status, paymentId, accountId }).filter(([, value]) => value !== undefined)) as Record<string, string>
          for (const limit of [1, 3, 200])
            assert.deepEqual(await everyPage('refunds', 'refunds', query, limit), expected.map(({ id }) => id), JSON.stringify(query))
        }
      }
    }
  })

  for (const query of ['status=failed', 'paymentId=1', 'accountId=-', 'cursor=1', 'limit=0', 'currency=USD']) {
    it(`of refunds refuse ?${query} with the parameter's name`, async () => {
      const { status, body } = await call<{ errors: { parameter: string }[] }>(`${api.url}/refunds?${query}`)
      assert.deepEqual([status, body.errors.map(({ parameter }) => parameter)], [400, [query.split('=')[0]]])
    })
  }

  it('of payments contain payments only, and each once, whatever index they are read from', async () => {
    const all = newestFirst(payments.none, payments.queued, payments.part, payments.full)
    const withDiscrepancy = (await database.sql<{ id: string }>('select id from payments where refund_of is null and amount = $1', [DISCREPANCY])).map(({ id }) => id)
    for (const [query, expected] of [
      [{}, all],
      [{ accountId: 'ACC-1' }, all.filter(id => [1, 3, 5, 7].includes(indexOf(id)))],
      [{ status: 'pending' }, []],
      [{ jobDead: 'true' }, []],
      [{ idempotencyKey: 'dead' }, []],
      [{ status: 'failed' }, []],
      [{ status: 'completed' }, newestFirst(payments.none, payments.queued)],
      [{ status: 'partially_refunded' }, payments.part],
      [{ status: 'refunded' }, payments.full],
      [{ status: 'refunded', from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' }, payments.full],
      [{ status: 'refunded', to: '2020-01-01T00:00:00Z' }, []],
      [{ status: 'refunded', accountId: 'ACC-0' }, payments.full.filter(id => indexOf(id) % 2 === 0)],
      [{ status: 'refunded', amountTo: '60' }, payments.full.filter(id => withDiscrepancy.includes(id))],
      [{ outcome: 'matched' }, all.filter(id => !withDiscrepancy.includes(id))],
      [{ outcome: 'discrepancy' }, all.filter(id => withDiscrepancy.includes(id))],
      [{ outcome: 'discrepancy', status: 'completed' }, newestFirst(payments.none, payments.queued).filter(id => withDiscrepancy.includes(id))],
      [{ outcome: 'discrepancy', status: 'refunded' }, payments.full.filter(id => withDiscrepancy.includes(id))],
      [{ outcome: 'failed', status: 'refunded' }, []],
      [{ amountFrom: '1', amountTo: '20' }, []],
    ] as [Record<string, string>, string[]][]) {
      for (const limit of [1, 2, 200])
        assert.deepEqual(await everyPage('payments', 'payments', query, limit), expected, JSON.stringify(query))
    }
    function indexOf(id: string): number {
      return all.toReversed().indexOf(id)
    }
  })

  it('of payments give the refunded amount, also as the last column of the export', async () => {
    const { body } = await call<{ payments: Row[] }>(`${api.url}/payments`)
    const amounts = new Map(body.payments.map(({ id, amount, status, refundedAmount }) => [id, `${status},${amount},${refundedAmount}`]))
    assert.equal(amounts.get(payments.full[0]!), 'refunded,50.13,50.13')
    assert.equal(amounts.get(payments.part[0]!), 'partially_refunded,100.00,10.13')
    assert.equal(amounts.get(payments.queued[0]!), 'completed,50.13,0.00')
    const [header, ...lines] = (await call(`${api.url}/payments.csv`)).text.trimEnd().split('\r\n').map(line => line.split(','))
    assert.deepEqual([header!.at(3), header!.at(5), header!.at(-1)], ['amount', 'status', 'refundedAmount'])
    assert.deepEqual(new Map(lines.map(cells => [cells[0]!, `${cells[5]},${cells[3]},${cells.at(-1)}`])), amounts)
  })

  it('of entries and statements name the payment, and the refund where it is one\'s', async () => {
    const paymentId = payments.part[0]!
    const [{ id: refundId }] = refunds.filter(each => each.paymentId === paymentId && each.status === 'completed') as [Expected]
    const settlement = (await database.sql<{ account: string }>(`select account_id as account from ledger_entries where payment_id = $1 and entry_type = 'credit'`, [refundId]))[0]!.account
    const { body: { accountId } } = await call<Row>(`${api.url}/payments/${paymentId}`)
    for (const [account, debits, credits] of [[accountId, refundId, null], [settlement, null, refundId]] as const) {
      const { body } = await call<{ entries: Row[] }>(`${api.url}/accounts/${account}/entries?limit=200`)
      const [credit, debit] = ['credit', 'debit'].map(type => body.entries.filter(entry => entry.paymentId === paymentId && entry.entryType === type))
      assert.deepEqual([credit!.map(entry => entry.refundId), debit!.map(entry => entry.refundId)], [[credits], [debits]])
      assert.equal(body.entries.filter(entry => entry.refundId !== null).length, (await database.sql('select from ledger_entries e join payments p on p.id = e.payment_id where e.account_id = $1 and p.refund_of is not null', [account])).length)
      const lines = (await call(`${api.url}/accounts/${account}/statement.csv`)).text.trimEnd().split('\r\n').map(line => line.split(','))
      assert.deepEqual(lines[0]!.slice(1), ['entry', 'paymentId', 'amount', 'currency', 'balance', 'refundId'])
      assert.deepEqual(lines.filter(cells => cells[6] === refundId).map(cells => cells.slice(1, 4)), [[account === accountId ? 'debit' : 'credit', paymentId, account === accountId ? '-10.13' : '10.13']])
    }
  })

  it('of jobs name the payment and the refund, whose dead job can be retried', async () => {
    const paymentId = payments.part[0]!
    await seedPayments(database, [{ accountId: 'ACC-DEAD', amount: '1.00', result: null, job: 'dead' }])
    const jobs = async (status: string): Promise<(string | null)[][]> => (await call<{ jobs: Row[] }>(`${api.url}/recon-jobs?status=${status}&limit=200`)).body.jobs.map(job => [job.paymentId, job.refundId])
    assert.deepEqual((await jobs('dead')).filter(([, refundId]) => refundId !== null), [[paymentId, dead]])
    assert.ok((await jobs('completed')).some(([id, refundId]) => id === payments.full[0] && refundId === null))
    assert.equal((await jobs('completed')).filter(([, refundId]) => refundId !== null).length, 12)
    const { body: { groups } } = await call<{ groups: { newestPaymentId: string, newestRefundId: string | null, jobs: number }[] }>(`${api.url}/recon-jobs/errors`)
    assert.deepEqual(groups.map(({ jobs, newestRefundId }) => [jobs, newestRefundId]), [[2, null]])
    assert.equal((await call(`${api.url}/recon-jobs/${paymentId}/retry`, { method: 'POST' })).status, 409)
    const { status, body } = await call<Row>(`${api.url}/recon-jobs/${dead}/retry`, { method: 'POST' })
    assert.deepEqual([status, body.paymentId, body.refundId, body.status], [200, paymentId, dead, 'pending'])
    assert.deepEqual((await jobs('pending')).filter(([, refundId]) => refundId === dead), [[paymentId, dead]])
  })
})
