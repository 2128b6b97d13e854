import assert from 'node:assert/strict'
import fc from 'fast-check'
import { firstMillisecondFrom, microsecondText, parseInstant } from '../src/domain/instant.ts'
import { isoTime } from '../src/sql/exact-times.ts'
import { call } from './support/api.ts'
import { seedPayments } from './support/seed-payments.ts'
import { useApi } from './support/use-api.ts'

interface Entry { createdAt: string, balanceAfter: string }
interface Payment { id: string, createdAt: string, updatedAt: string }

const ENTRIES = 300

describe('instants', () => {
  const { database, api } = useApi()

  before(async () => {
    const startMs = Date.UTC(2026, 0, 31, 12)
    await seedPayments(database, Array.from({ length: ENTRIES }, (_, i) => ({
      accountId: 'ACC',
      amount: '1.00',
      createdAt: new Date(startMs + i),
      result: 'completed' as const,
    })))
  })

  const get = async <Body>(path: string): Promise<Body> => (await call<Body>(`${api.url}${path}`)).body

  async function all<Row>(path: string, rows: string): Promise<Row[]> {
    const found: Row[] = []
    for (let cursor: unknown = ''; cursor !== null;) {
      const body = await get<Record<string, unknown>>(`${path}?limit=200${cursor ? `&cursor=${String(cursor)}` : ''}`)
      found.push(...body[rows] as Row[])
      cursor = body.nextCursor
    }
    return found
  }

  it('of an entry give the balance after it', async () => {
    const entries = await all<Entry>('/accounts/ACC/entries', 'entries')
    assert.equal(entries.length, ENTRIES)
    const lastAt = new Map(entries.toReversed().map(({ createdAt, balanceAfter }) => [createdAt, balanceAfter]))
    assert.ok(lastAt.size > ENTRIES / 2, `${lastAt.size} times of ${ENTRIES} entries`)
    for (const [at, balance] of lastAt)
      assert.equal((await get<{ balance: string }>(`/accounts/ACC/balance?at=${at}`)).balance, balance, at)
  })

  it('one nanosecond before an entry give the balance before it', async () => {
    const [newest, older] = await all<Entry>('/accounts/ACC/entries', 'entries') as [Entry, Entry]
    const [{ micros }] = await database.sql<{ micros: string }>(`select (extract(epoch from $1::timestamptz) * 1000000)::bigint - 1 as micros`, [newest.createdAt]) as [{ micros: string }]
    const before = `${microsecondText({ micros: BigInt(micros), beyond: false }).slice(0, -1)}999Z`
    assert.equal((await get<{ balance: string }>(`/accounts/ACC/balance?at=${before}`)).balance, older.balanceAfter)
  })

  it('at both ends of the calendar begin and end a period', async () => {
    const period = 'from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59.999999Z'
    assert.equal((await get<{ entries: Entry[] }>(`/accounts/ACC/entries?limit=1&${period}`)).entries[0]?.balanceAfter, `${ENTRIES}.00`)
    const { status, text } = await call(`${api.url}/accounts/ACC/statement.csv?${period}`)
    assert.deepEqual([status, text.trimEnd().split('\r\n').length], [200, ENTRIES + 3])
    assert.equal((await call(`${api.url}/accounts/ACC/entries?to=0001-01-01T00:00:00Z`)).status, 200)
  })

  it('of a payment include it as from and exclude it as to', async () => {
    const payments = (await all<Payment>('/payments', 'payments')).slice(0, 40)
    for (const { id, createdAt } of payments) {
      const first = async (query: string): Promise<string | undefined> => (await get<{ payments: Payment[] }>(`/payments?limit=1&${query}`)).payments[0]?.id
      const last = async (query: string): Promise<string | undefined> => (await get<{ payments: Payment[] }>(`/payments?limit=200&${query}`)).payments.at(-1)?.id
      const nanosecondLater = createdAt.replace('Z', '000001Z')
      assert.equal(await last(`from=${createdAt}`), id)
      assert.notEqual(await last(`from=${nanosecondLater}`), id)
      assert.notEqual(await first(`to=${createdAt}`), id)
      assert.equal(await first(`to=${nanosecondLater}`), id)
    }
  })

  it('are returned as the database stores them, in every response', async () => {
    const [{ id, createdAt }] = (await get<{ payments: Payment[] }>('/payments?limit=1')).payments as [Payment]
    await database.sql('set session_replication_role = replica') // bypasses the trigger that lets only settling change a payment
    await database.sql(`update payments set updated_at = '2026-01-31 17:30:00.818512+05:30' where id = $1`, [id])
    await database.sql('reset session_replication_role')
    const detail = await get<Payment & { job: { lockedAt: string }, entries: Entry[], reconciliation: { createdAt: string } }>(`/payments/${id}`)
    const [times] = await database.sql<Record<string, string>>(`
      select to_char(j.locked_at at time zone 'UTC', 'US') as locked, to_char(r.created_at at time zone 'UTC', 'US') as reconciled, to_char(e.created_at at time zone 'UTC', 'US') as posted
        from recon_jobs j
        join reconciliation_results r using (payment_id)
        join ledger_entries e using (payment_id)
       where payment_id = $1 and e.entry_type = 'credit'`, [id])
    const decimals = (time: string): string => /\.(\d+)Z$/.exec(time)![1]!.padEnd(6, '0')
    assert.deepEqual([detail.createdAt, detail.updatedAt], [createdAt, '2026-01-31T12:00:00.818512Z'])
    assert.deepEqual([detail.job.lockedAt, detail.reconciliation.createdAt, detail.entries[0]!.createdAt].map(decimals), [times!.locked, times!.reconciled, times!.posted])
    const [entry] = (await get<{ entries: Entry[] }>('/accounts/ACC/entries?limit=1')).entries
    assert.deepEqual(entry, detail.entries[0])
    const [job] = (await get<{ jobs: { lockedAt: string }[] }>('/recon-jobs?status=completed&limit=1')).jobs
    assert.equal(job!.lockedAt, detail.job.lockedAt)
    const { text } = await call(`${api.url}/payments.csv?from=${createdAt}`)
    assert.equal(text.split('\r\n')[1]!.split(',')[1], createdAt)
  })

  const equivalents: [text: string, as: string][] = [
    ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000000Z'],
    ['2026-01-31t12:00:00.5z', '2026-01-31T12:00:00.500000Z'],
    ['2026-01-31T12:00Z', '2026-01-31T12:00:00.000000Z'],
    ['2026-01-31T13:30:00.818512+01:30', '2026-01-31T12:00:00.818512Z'],
    ['2026-01-31T12:00:00-00:00', '2026-01-31T12:00:00.000000Z'],
    ['2026-01-31T12:00:00.9999999999999999999999Z', '2026-01-31T12:00:00.999999Z'],
    ['2016-12-31T23:59:60.25Z', '2017-01-01T00:00:00.250000Z'],
    ['2017-01-01T08:59:60+09:00', '2017-01-01T00:00:00.000000Z'],
    ['1969-12-31T23:59:59.999999Z', '1969-12-31T23:59:59.999999Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000000Z'],
    ['0000-01-01T00:00:00Z', '0001-01-01T00:00:00.000000Z'],
    ['9999-12-31T23:59:59.999999-23:59', '9999-12-31T23:59:59.999999Z'],
  ]
  for (const [text, as] of equivalents) {
    it(`such as ${text} are read as ${as}`, async () => {
      assert.equal(microsecondText(parseInstant(text)!), as)
      const encoded = encodeURIComponent(text)
      assert.equal((await call(`${api.url}/accounts/ACC/balance?at=${encoded}`)).status, 200)
      assert.equal((await call(`${api.url}/payments?from=${encoded}&to=${encoded}`)).status, 200)
    })
  }

  const refused = ['', '2026-01-31', '2026-01-31T12:00:00', '2026-02-30T12:00:00Z', '2025-02-29T00:00:00Z', '2026-13-01T00:00:00Z', '2026-01-31T24:00:00Z', '2026-01-31T12:60:00Z', '2026-01-31T12:00:60Z', '2026-01-31T12:00:00.Z', '2026-01-31T12:00:00,5Z', '2026-01-31 12:00:00Z', '2026-01-31T12:00:00+0100', '2026-01-31T12:00:00+24:00', '+002026-01-31T12:00:00Z', '10000-01-01T00:00:00Z', '2026-01-31T12:00:00Z\n', 'infinity', 'now', '1767225600']
  for (const text of refused) {
    it(`such as ${JSON.stringify(text)} are refused with the parameter's name`, async () => {
      for (const path of ['accounts/ACC/balance?at=', 'payments?from=', 'payments?to=', 'payments.csv?to=']) {
        const { status, body } = await call<{ errors: { parameter: string, detail: string }[] }>(`${api.url}/${path}${encodeURIComponent(text)}`)
        assert.deepEqual([status, body.errors[0]!.parameter], [400, /(\w+)=/.exec(path)![1]])
      }
    })
  }

  it('whose + was decoded to a space are refused with the right spelling', async () => {
    const { status, body } = await call<{ detail: string }>(`${api.url}/accounts/ACC/balance?at=2026-01-31T12:00:00+01:00`)
    assert.deepEqual([status, body.detail], [400, 'at must write the + of its offset as %2B.'])
  })

  it('are parsed without loss and round up to the next whole millisecond', () => {
    fc.assert(fc.property(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 16n }), fc.integer({ min: 0, max: 999 }), (micros, nanos) => {
      const text = `${microsecondText({ micros, beyond: false }).slice(0, -1)}${String(nanos).padStart(3, '0')}Z`
      const instant = parseInstant(text)!
      assert.deepEqual(instant, { micros, beyond: nanos > 0 })
      const ms = BigInt(firstMillisecondFrom(instant).getTime())
      assert.ok(ms * 1_000_000n >= micros * 1_000n + BigInt(nanos) && (ms - 1n) * 1_000_000n < micros * 1_000n + BigInt(nanos))
    }))
  })

  it('from the database are converted from any time zone', () => {
    assert.equal(isoTime('2026-01-31 12:00:00.818512+00'), '2026-01-31T12:00:00.818512Z')
    assert.equal(isoTime('2026-01-31 12:00:00.8185+00'), '2026-01-31T12:00:00.818500Z')
    assert.equal(isoTime('2026-01-31 12:00:00.81+00'), '2026-01-31T12:00:00.810Z')
    assert.equal(isoTime('2026-01-31 12:00:00+00'), '2026-01-31T12:00:00.000Z')
    assert.equal(isoTime('2026-01-31 17:30:00.5+05:30'), '2026-01-31T12:00:00.500Z')
    assert.equal(isoTime('1880-01-01 00:53:28+00:53:28'), '1880-01-01T00:00:00.000Z')
    assert.equal(isoTime('2026-01-31T04:00:00.818512-08:00'), '2026-01-31T12:00:00.818512Z')
  })
})
