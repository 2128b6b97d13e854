import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { call } from './support/api.ts'
import { useApi } from './support/use-api.ts'

interface Problem { type: string, title: string, status: number, detail: string, instance: string, errors?: { pointer?: string, parameter?: string, detail: string }[] }
interface Payment { id: string, accountId: string, amount: string, currency: string, description: string, status: string, createdAt: string }

describe('payments', () => {
  const { database, api } = useApi()

  const post = <Body = Payment>(body: unknown, key: string = randomUUID()): ReturnType<typeof call<Body>> =>
    call<Body>(`${api.url}/payments`, {
      body,
      headers: { 'idempotency-key': key },
    })

  describe('POST /payments', () => {
    it('creates a payment with its job', async () => {
      const { status, headers, body } = await post('{"accountId": "ACC-001", "amount": 100.00, "description": "Payment description"}')
      assert.equal(status, 201)
      assert.deepEqual(body, {
        id: body.id,
        accountId: 'ACC-001',
        amount: '100.00',
        currency: 'USD',
        description: 'Payment description',
        status: 'pending',
        createdAt: body.createdAt,
      })
      assert.equal(headers.get('location'), `/payments/${body.id}`)
      assert.match(body.createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      assert.deepEqual(await database.sql('select status, attempts from recon_jobs where payment_id = $1', [body.id]), [
        { status: 'pending', attempts: 0 },
      ])
    })

    it('accepts amounts as numbers or strings, without rounding', async () => {
      const amounts = [
        ['9007199254740993.13', '#/amount'], // 16 digits: refused, not rounded to ...994
        ['900719925474099.13', '900719925474099.13'],
        ['"0.1"', '0.10'],
        ['-5', '-5.00'],
        ['0', '0.00'],
        ['-0', '0.00'],
        ['"-0.00"', '0.00'],
      ] as const
      for (const [amount, expected] of amounts) {
        const { status, body } = await post<Payment & Problem>(`{"accountId":"ACC-EXACT","amount":${amount}}`)
        assert.equal(status === 201 ? body.amount : body.errors?.[0]?.pointer, expected)
      }
    })

    it('stores and returns amounts with the decimals of ISO 4217', async () => {
      for (const [currency, amount, expected] of [
        ['JPY', '5', '5'],
        ['KWD', '10.13', '10.130'],
        ['HUF', '7', '7.00'],
        ['USD', '7', '7.00'],
      ]) {
        const { status, body } = await post({ accountId: `ACC-${currency}`, amount, currency })
        assert.equal(status, 201)
        assert.equal(body.amount, expected)
        assert.deepEqual(await database.sql('select amount::text from payments where id = $1', [body.id]), [
          { amount: expected },
        ])
      }
    })

    const refused: [string, string, string[]][] = [
      ['a missing field', '{"amount":1}', ['#/accountId']],
      [
        'all wrong fields at once',
        '{"accountId":"?","amount":1e2,"currency":"XXQ","description":5,"fee":1}',
        ['#/accountId', '#/amount', '#/currency', '#/description', '#/fee'],
      ],
      ['an exponent', '{"accountId":"A","amount":1e2}', ['#/amount']],
      ['too many decimals', '{"accountId":"A","amount":"1.001"}', ['#/amount']],
      ['decimals in a currency without any', '{"accountId":"A","amount":"1.5","currency":"JPY"}', ['#/amount']],
      ['NaN as a word', '{"accountId":"A","amount":"NaN"}', ['#/amount']],
      ['Infinity as a word', '{"accountId":"A","amount":"-Infinity"}', ['#/amount']],
      ['more than 15 digits', '{"accountId":"A","amount":"1000000000000000"}', ['#/amount']],
      ['a settlement account', '{"accountId":"settlement:USD:0","amount":1}', ['#/accountId']],
      ['an unknown currency', '{"accountId":"A","amount":1,"currency":"ABC"}', ['#/currency']],
      ['a currency in small letters', '{"accountId":"A","amount":1,"currency":"usd"}', ['#/currency']],
      ['U+0000', '{"accountId":"A","amount":1,"description":"a\\u0000b"}', ['#/description']],
      ['a lone surrogate', '{"accountId":"A","amount":1,"description":"\\ud800"}', ['#/description']],
      ['501 characters', JSON.stringify({ accountId: 'A', amount: 1, description: '🙂'.repeat(501) }), ['#/description']],
      ['an unknown field by its pointer', '{"accountId":"A","amount":1,"a/b~c":1}', ['#/a~1b~0c']],
      ['an unknown field with a lone surrogate in its name', '{"accountId":"A","amount":1,"\\ud800":1}', ['#/%EF%BF%BD']],
      ['an array', '[]', ['#']],
      ['null', 'null', ['#']],
      ['a number', '5', ['#']],
      ['a string', '"accountId"', ['#']],
      ['a number instead of a string', '{"accountId":5,"amount":1,"currency":6,"description":-0}', ['#/accountId', '#/currency', '#/description']],
      ['an object or array as an amount', '{"accountId":"A","amount":{"source":"5"}}', ['#/amount']],
    ]
    for (const [what, body, pointers] of refused) {
      it(`refuses ${what} with 422 and the field's pointer`, async () => {
        const response = await post<Problem>(body)
        assert.equal(response.status, 422)
        assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/)
        assert.equal(response.body.type, '/problems/validation')
        assert.deepEqual(response.body.errors?.map(error => error.pointer).sort(), pointers)
        assert.equal(response.body.instance, `urn:uuid:${response.headers.get('x-request-id')}`)
      })
    }

    it('accepts a description of 500 characters of any plane', async () => {
      const { status, body } = await post({ accountId: 'A', amount: 1, description: '🙂'.repeat(500) })
      assert.equal(status, 201)
      assert.deepEqual(await database.sql('select char_length(description) as n from payments where id = $1', [body.id]), [
        { n: 500 },
      ])
    })

    it('refuses a currency that differs from the account\'s', async () => {
      assert.equal((await post({ accountId: 'ACC-EUR', amount: 1, currency: 'EUR' })).status, 201)
      const { status, body } = await post<Problem>({ accountId: 'ACC-EUR', amount: 1 })
      assert.equal(status, 422)
      assert.equal(body.type, '/problems/currency-mismatch')
      assert.deepEqual(body.errors?.map(error => error.pointer), ['#/currency'])
    })

    const unreadable: [string, { body: string, headers?: Record<string, string> }, number, string][] = [
      ['broken JSON', { body: '{"accountId":' }, 400, 'malformed-json'],
      ['an empty body', { body: '' }, 400, 'malformed-json'],
      ['20,000 brackets', { body: '['.repeat(20_000) + ']'.repeat(20_000) }, 400, 'json-too-deep'],
      ['20,000 brackets around a number', { body: `${'['.repeat(20_000)}1${']'.repeat(20_000)}` }, 400, 'json-too-deep'],
      ['10,000 nested objects', { body: '{"a":'.repeat(10_000) }, 400, 'json-too-deep'],
      ['a body over 64 kB', { body: JSON.stringify({ description: 'x'.repeat(70_000) }) }, 413, 'payload-too-large'],
      ['another content type', { body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415, 'unsupported-media-type'],
      ['another charset', { body: '{}', headers: { 'content-type': 'application/json; charset=latin1' } }, 415, 'unsupported-media-type'],
      ['a compressed body', { body: '{}', headers: { 'content-encoding': 'gzip' } }, 415, 'unsupported-media-type'],
    ]
    for (const [what, { body, headers }, status, type] of unreadable) {
      it(`refuses ${what} with ${status}`, async () => {
        const response = await call<Problem>(`${api.url}/payments`, {
          method: 'POST',
          body,
          headers: { 'idempotency-key': randomUUID(), ...headers },
        })
        assert.equal(response.status, status)
        assert.equal(response.body.type, `/problems/${type}`)
      })
    }

    for (const [what, body, pointer] of [
      ['repeats the amount', '{"accountId":"B-1","amount":"1.00","amount":"1000.00"}', '#/amount'],
      ['repeats the amount with an escape', '{"accountId":"B-1","amount":1.00,"am\\u006funt":1000.00}', '#/amount'],
      ['repeats a key with the same value', '{"accountId":"B-1","accountId":"B-1","amount":1}', '#/accountId'],
      ['repeats __proto__', '{"accountId":"B-1","amount":1,"__proto__":{},"__proto__":{}}', '#/__proto__'],
      ['repeats a key in an object in an array', '{"accountId":"B-1","amount":1,"lines":[{},{"a":1, "a" : 2}]}', '#/lines/1/a'],
      ['repeats the amount after a string with a colon', '{"accountId":"B-1","amount":1,"description":"\\"a\\":1","amount":2}', '#/amount'],
    ] as const) {
      it(`refuses a body that ${what}, and makes no payment`, async () => {
        const response = await post<Problem>(body)
        assert.equal(response.status, 400)
        assert.equal(response.body.type, '/problems/malformed-json')
        assert.deepEqual(response.body.errors, [{ pointer, detail: 'is repeated' }])
        assert.deepEqual(await database.sql(`select from payments where account_id = 'B-1'`), [])
      })
    }

    it('accepts JSON text in a description', async () => {
      assert.equal((await post({ accountId: 'B-2', amount: '1.00', description: '{"amount": 1, "amount": 2}' })).status, 201)
    })

    it('does not count brackets in a string as nesting', async () => {
      assert.equal((await post({ accountId: 'A', amount: 1, description: '"\\['.repeat(100) })).status, 201)
    })

    it('lists 20 errors, says how many more there are, and truncates long names', async () => {
      const { status, body, text } = await post<Problem>(`{${Array.from({ length: 7_000 }, (_, i) => `"${i.toString(36)}":0`).join()}}`)
      assert.equal(status, 422)
      assert.equal(body.errors?.length, 20)
      assert.match(body.detail, / 6982 more errors are not listed\.$/)
      assert.ok(text.length < 3_000, `${text.length} bytes`)
      const long = await post<Problem>(`{"accountId":"A","amount":1,"${'🙂'.repeat(10_000)}":0}`)
      assert.equal(long.body.errors?.length, 1)
      assert.ok(long.text.length < 2_000, `${long.text.length} bytes`)
    })

    it('refuses bytes that are not UTF-8', async () => {
      const res = await fetch(`${api.url}/payments`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
        body: Buffer.from([0x22, 0xFF, 0x22]),
      })
      assert.equal(res.status, 400)
      assert.equal((await res.json() as Problem).type, '/problems/malformed-json')
    })
  })

  describe('GET /payments', () => {
    it('pages newest first, without gaps or repeats while new payments arrive', async () => {
      const ids: string[] = []
      for (let i = 0; i < 5; i++)
        ids.unshift((await post({ accountId: 'ACC-PAGES', amount: i })).body.id)
      const seen: string[] = []
      let cursor: string | null = ''
      while (cursor !== null) {
        const page: { body: { payments: Payment[], nextCursor: string | null } }
          = await call(`${api.url}/payments?accountId=ACC-PAGES&limit=2${cursor && `&cursor=${cursor}`}`)
        seen.push(...page.body.payments.map(payment => payment.id))
        cursor = page.body.nextCursor
        await post({ accountId: 'ACC-PAGES', amount: 1 })
      }
      assert.deepEqual(seen, ids)
    })

    for (const query of [
      'limit=0',
      'limit=201',
      'limit=x',
      'cursor=nonsense',
      'accountId=%20',
      'sort=amount',
    ]) {
      it(`refuses ?${query} with 400 and the parameter's name`, async () => {
        const { status, body } = await call<Problem>(`${api.url}/payments?${query}`)
        assert.equal(status, 400)
        assert.equal(body.type, '/problems/invalid-parameter')
        assert.deepEqual(body.errors?.map(error => error.parameter), [query.split('=')[0]])
      })
    }
  })

  describe('GET /payments/{id}', () => {
    it('returns a pending payment with its job', async () => {
      const created = (await post({ accountId: 'ACC-DETAIL', amount: '1.00' })).body
      const { status, body } = await call(`${api.url}/payments/${created.id}`)
      assert.equal(status, 200)
      const { updatedAt, job, idempotencyKey, ...rest } = body as Record<string, unknown> & { job: { status: string, attempts: number } }
      assert.deepEqual(rest, {
        ...created,
        jobDead: false,
        traceId: null,
        outcome: null,
        discrepancyAmount: null,
        refundedAmount: '0.00',
        refundableAmount: '0.00',
        refunds: [],
        moreRefunds: false,
        reconciliation: null,
        entries: [],
      })
      assert.equal(updatedAt, created.createdAt)
      assert.equal(typeof idempotencyKey, 'string')
      assert.deepEqual([job.status, job.attempts], ['pending', 0])
    })

    it('returns the trace of the request that created it', async () => {
      const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
      const response = await fetch(`${api.url}/payments`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID(), 'traceparent': `00-${trace}-00f067aa0ba902b7-01` },
        body: JSON.stringify({ accountId: 'ACC-TRACE', amount: '1.00' }),
      })
      const { id } = await response.json() as { id: string }
      assert.equal((await call<{ traceId: string }>(`${api.url}/payments/${id}`)).body.traceId, trace)
    })

    it('responds with 404 for an unknown id and 400 for a malformed one', async () => {
      assert.equal((await call(`${api.url}/payments/${randomUUID()}`)).status, 404)
      assert.equal((await call(`${api.url}/payments/1`)).status, 400)
    })
  })

  describe('GET /accounts/{id}/balance', () => {
    it('returns zero with the currency\'s decimals before the first posting', async () => {
      await post({ accountId: 'ACC-NEW', amount: 1 })
      assert.deepEqual((await call(`${api.url}/accounts/ACC-NEW/balance`)).body, { accountId: 'ACC-NEW', balance: '0.00', currency: 'USD' })
    })

    it('responds with 404 for an unknown account, and 400 for a malformed id', async () => {
      assert.equal((await call(`${api.url}/accounts/ACC-NOBODY/balance`)).status, 404)
      assert.equal((await call(`${api.url}/accounts/settlement:CHF:0/balance`)).status, 404)
      assert.equal((await call(`${api.url}/accounts/settlement:USD/balance`)).status, 400)
    })
  })

  describe('any request', () => {
    it('gets 404 for an unknown route, 405 for an unknown method, 400 for a malformed path', async () => {
      const unknown = await call<Problem>(`${api.url}/nothing`)
      assert.deepEqual([unknown.status, unknown.body.type], [404, '/problems/not-found'])
      const method = await call<Problem>(`${api.url}/payments`, { method: 'DELETE' })
      assert.deepEqual([method.status, method.body.type, method.headers.get('allow')], [405, '/problems/method-not-allowed', 'POST, GET, HEAD'])
      const path = await call<Problem>(`${api.url}/payments/%E0%A4%A`)
      assert.deepEqual([path.status, path.body.type], [400, '/problems/malformed-request'])
    })

    it('to /health or /ready gets the state of the process', async () => {
      assert.deepEqual((await call(`${api.url}/health`)).body, { status: 'ok' })
      assert.deepEqual((await call(`${api.url}/ready`)).body, { status: 'ready' })
    })
  })
})
