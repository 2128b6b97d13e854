import type { Api, ApiResponse } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { requestHash } from '../src/domain/request-hash.ts'
import { call, startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'
import { waitFor } from './support/wait-for.ts'

interface Body { id: string, type?: string }

describe('an idempotency key', () => {
  let database: TestDatabase
  let apis: Api[]

  before(async () => {
    database = await createDatabase()
    apis = await Promise.all([startApi(database.url('payments_api')), startApi(database.url('payments_api'))])
  })
  after(async () => {
    await Promise.all(apis?.map(api => api.stop()) ?? [])
    await database?.drop()
  })

  const post = (key: string, body: unknown, api = 0): Promise<ApiResponse<Body>> =>
    call<Body>(`${apis[api]!.url}/payments`, { body, headers: { 'idempotency-key': key } })
  const payment = { accountId: 'ACC-IDEM', amount: '12.50', description: 'once' }

  it('replays the first response byte for byte, from any process, even after the payment has settled', async () => {
    const key = randomUUID()
    const first = await post(key, payment)
    assert.equal(first.headers.get('idempotent-replayed'), null)
    await database.sql(`insert into reconciliation_results (payment_id, status, matched, discrepancy_amount) values ($1, 'failed', false, 0.00)`, [first.body.id])
    for (const api of [0, 1]) {
      const again = await post(key, payment, api)
      assert.deepEqual([again.status, again.text, again.headers.get('location')], [201, first.text, first.headers.get('location')])
      assert.equal(again.headers.get('idempotent-replayed'), 'true')
    }
  })

  it('replays for the same values, however they are written', async () => {
    const key = randomUUID()
    const { text } = await post(key, '{"accountId":"ACC-IDEM","amount":7}')
    for (const same of ['{"amount":7.0,"accountId":"ACC-IDEM"}', '{"accountId":"ACC-IDEM","amount":"7.00","currency":"USD","description":""}'])
      assert.equal((await post(key, same)).text, text)
  })

  for (const change of [{ amount: '12.51' }, { accountId: 'ACC-OTHER' }, { description: 'twice' }, { currency: 'EUR' }]) {
    it(`is refused with 422 for another ${Object.keys(change)[0]}, and no payment is made`, async () => {
      const key = randomUUID()
      await post(key, payment)
      const { status, body } = await post(key, { ...payment, ...change })
      assert.deepEqual([status, body.type], [422, '/problems/idempotency-key-reused'])
      assert.deepEqual(await database.sql('select count(*)::int as n from payments where idempotency_key = $1', [key]), [{ n: 1 }])
      assert.deepEqual(await database.sql(`select from accounts where id = 'ACC-OTHER'`), [])
    })
  }

  it('is still free after a refused request', async () => {
    const key = randomUUID()
    assert.equal((await post(key, { ...payment, amount: 'much' })).status, 422)
    const { status, headers } = await post(key, payment)
    assert.deepEqual([status, headers.get('idempotent-replayed')], [201, null])
  })

  it('is not mentioned in a validation problem, whether it is used or free', async () => {
    const key = randomUUID()
    for (const amount of ['1.001', 'much']) {
      const { status, text } = await post(key, { ...payment, amount })
      assert.equal(status, 422)
      assert.doesNotMatch(text, /\bkey\b/i)
      await post(key, payment)
    }
  })

  it('that differs makes another payment with the same body', async () => {
    const [a, b] = await Promise.all([post(randomUUID(), payment), post(randomUUID(), payment)])
    assert.notEqual(a.body.id, b.body.id)
  })

  it('makes one payment and one response when 1,000 requests race for it through two processes', async () => {
    const key = randomUUID()
    const responses = await Promise.all(Array.from({ length: 1_000 }, async (_, i) => {
      for (;;) {
        const response = await post(key, payment, i % 2)
        if (response.body.type !== '/problems/overloaded') // a busy machine refuses some requests: retry them, as the problem says
          return response
      }
    }))
    assert.deepEqual(new Set(responses.map(response => response.body.type ?? response.status)), new Set([201]))
    assert.equal(new Set(responses.map(response => response.text)).size, 1)
    assert.equal(responses.filter(response => response.headers.get('idempotent-replayed') === null).length, 1)
    assert.deepEqual(await database.sql('select count(*)::int as n from payments where idempotency_key = $1', [key]), [{ n: 1 }])
  })

  it('replays its payment when the process died between the commit and the response', async () => {
    const doomed = await startApi(database.url('payments_api'))
    const key = randomUUID()
    // Block the insert until the process is suspended, then let the insert commit and kill the process.
    const rival = new pg.Client({ connectionString: database.url() })
    await rival.connect()
    try {
      await post(randomUUID(), payment) // opens the account
      await rival.query('begin')
      await rival.query('lock table payments in share mode')
      const lost = call(`${doomed.url}/payments`, { body: payment, headers: { 'idempotency-key': key } }).then(() => 'responded', () => 'lost')
      await waitFor('the write waits', async () => (await database.sql(`select from pg_stat_activity where application_name = 'payments-api write' and wait_event_type = 'Lock'`)).length > 0)
      doomed.process.kill('SIGSTOP')
      await rival.query('rollback')
      await waitFor('the payment is committed', async () => (await database.sql('select from payments where idempotency_key = $1', [key])).length === 1)
      doomed.process.kill('SIGKILL')
      assert.equal(await lost, 'lost')
    }
    finally {
      await rival.end()
      doomed.process.kill('SIGKILL')
    }
    const { status, headers } = await post(key, payment)
    assert.deepEqual([status, headers.get('idempotent-replayed')], [201, 'true'])
  })

  it('gets 409 after a bounded wait while a rival holds it, and other keys get through', async () => {
    const key = randomUUID()
    const rival = new pg.Client({ connectionString: database.url() })
    await rival.connect()
    try {
      await rival.query('begin')
      await rival.query(`
        insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
        values (gen_random_uuid(), 'anonymous', $1, sha256(''), 'ACC-IDEM', 'USD', 1.00, '', now(), now())`, [key])
      const [blocked, elsewhere, ...others] = await Promise.all([post(key, payment), post(key, payment, 1), ...Array.from({ length: 3 }, () => post(randomUUID(), payment))])
      for (const { status, body, headers } of [blocked, elsewhere])
        assert.deepEqual([status, body.type, headers.get('retry-after')], [409, '/problems/idempotency-key-in-use', '1'])
      assert.deepEqual(others.map(({ status }) => status), [201, 201, 201])
      await rival.query('rollback')
    }
    finally {
      await rival.end()
    }
    assert.equal((await post(key, payment)).status, 201)
  })

  it('is the same with and without the quotes of a structured field', async () => {
    for (const [first, second] of [
      ['q-1', '"q-1"'],
      ['"q-2"', 'q-2'],
      ['q-3', '"q-3";a=1'],
      ['"q-4"; a; b="x;\\"y" ;c=?1', '"q-4"'],
      ['q"5\\', '"q\\"5\\\\"'],
      [`"${'!'.repeat(254)}6"`, `${'!'.repeat(254)}6`],
    ] as const) {
      const created = await post(first, payment)
      assert.deepEqual([created.status, created.headers.get('idempotent-replayed')], [201, null], first)
      const again = await post(second, payment, 1)
      assert.deepEqual([again.text, again.headers.get('idempotent-replayed')], [created.text, 'true'], second)
    }
  })

  it('that an earlier version stored with its quotes is replayed', async () => {
    for (const quoted of ['"old"', '"old";a=1']) {
      await database.sql(`
        insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
        values (gen_random_uuid(), 'anonymous', $1, $2, 'ACC-IDEM', 'USD', 12.50, 'once', now(), now())`, [quoted, requestHash({ accountId: 'ACC-IDEM', minorUnits: 1250n, currency: 'USD', description: 'once' })])
      const responses = await Promise.all([post(quoted, payment), post(quoted, payment), post(quoted, { ...payment, amount: 1 })])
      assert.deepEqual(responses.map(({ status, headers }) => [status, headers.get('idempotent-replayed')]), [[201, 'true'], [201, 'true'], [422, null]])
    }
    assert.deepEqual(await database.sql(`select idempotency_key from payments where idempotency_key like '%old%' order by 1`), [{ idempotency_key: '"old"' }, { idempotency_key: '"old";a=1' }])
  })

  it('is required: 1 to 255 visible ASCII characters', async () => {
    const without = await call<Body>(`${apis[0]!.url}/payments`, { body: payment })
    assert.deepEqual([without.status, without.body.type], [400, '/problems/idempotency-key-missing'])
    for (const key of ['a b', 'x'.repeat(256), 'é', '', '""', '"', '"a', '"a"b', '"a b"', '"a\\b"', '"a";', '"a", "a"', '"\\"a"', '"\\"a\\""', 'a, a', `"${'x'.repeat(256)}"`]) {
      const { status, body } = await post(key, payment)
      assert.equal(status, 400, JSON.stringify(key))
      assert.match(body.type ?? '', /idempotency-key/)
    }
    assert.equal((await post('!'.repeat(255), payment)).status, 201)
  })
})
