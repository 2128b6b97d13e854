import type { Api } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { call, startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'
import { waitFor } from './support/wait-for.ts'

describe('the API process', () => {
  let database: TestDatabase
  const apis: Api[] = []

  before(async () => {
    database = await createDatabase()
  })
  afterEach(async () => {
    await Promise.all(apis.splice(0).map(api => api.stop()))
  })
  after(async () => {
    await database?.drop()
  })

  async function start(env: Record<string, string> = {}): Promise<Api> {
    const api = await startApi(database.url('payments_api'), env)
    apis.push(api)
    return api
  }
  const post = (api: Api, key: string = randomUUID()): ReturnType<typeof call> =>
    call(`${api.url}/payments`, {
      body: { accountId: 'A', amount: 1 },
      headers: { 'idempotency-key': key },
    })

  for (const [name, value] of [
    ['PORT', 'abc'],
    ['PORT', '70000'],
    ['DATABASE_URL', ''],
    ['DATABASE_URL', 'mysql://x/y'],
    ['LOG_LEVEL', 'loud'],
  ]) {
    it(`refuses to start with ${name}=${value}, and names it in one line`, async () => {
      await assert.rejects(start({ [name!]: value! }), (error: Error) => {
        assert.match(error.message, new RegExp(`ended with 1: payments-api: ${name} [^\n]*\n$`))
        return true
      })
    })
  }

  it('never prints the password of a wrong DATABASE_URL', async () => {
    await assert.rejects(start({ DATABASE_URL: 'http://u:geheim@h/' }), (error: Error) => !error.message.includes('geheim'))
  })

  it('refuses to start on a port that is taken, and says so in one line', async () => {
    const { url } = await start()
    await assert.rejects(start({ PORT: new URL(url).port }), /ended with 1: payments-api: port \d+ on 127\.0\.0\.1 is taken; [^\n]*\n$/)
  })

  it('responds with 503 within 2 s while the database is unreachable, stays healthy, and discloses no details', async () => {
    const api = await start({ DATABASE_URL: 'postgres://payments_api:geheim@127.0.0.1:1/payments' })
    const startedAt = Date.now()
    const { status, headers, text } = await post(api)
    assert.equal(status, 503)
    assert.ok(Date.now() - startedAt < 2_000)
    assert.equal(headers.get('retry-after'), '1')
    assert.doesNotMatch(text, /ECONNREFUSED|127\.0\.0\.1|geheim|payments_api/)
    assert.equal((await call(`${api.url}/ready`)).status, 503)
    assert.equal((await call(`${api.url}/health`)).status, 200)
    await waitFor('the request is logged', () => api.log.some(line => line.includes(headers.get('x-request-id')!)))
    const logged = api.log.find(line => line.includes('the database is unavailable'))
    assert.match(logged ?? '', /ECONNREFUSED/)
  })

  it('responds with 500 to an unexpected error, logs the cause under the request\'s id, and discloses no details', async () => {
    const api = await start()
    await database.sql('revoke select on recon_workers from payments_api')
    const { status, headers, text } = await call(`${api.url}/operations`)
    await database.sql('grant select on recon_workers to payments_api')
    assert.equal(status, 500)
    assert.doesNotMatch(text, /permission|recon_workers/)
    await waitFor('the cause is logged', () => api.log.some(line => line.includes(headers.get('x-request-id')!) && line.includes('permission denied')))
  })

  it('recovers by itself after its connections were cut', async () => {
    const api = await start()
    assert.equal((await post(api)).status, 201)
    await database.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'payments-api%' and datname = current_database()`)
    await waitFor('the API accepts payments again', async () => (await post(api)).status === 201, 3_000)
    assert.equal((await call(`${api.url}/ready`)).status, 200)
  })

  it('writes a payment once when its connection is lost during the write', async () => {
    const api = await start()
    await post(api)
    const rival = new pg.Client({
      connectionString: database.url(),
    })
    await rival.connect()
    try {
      await rival.query('begin')
      await rival.query('lock table recon_jobs in share mode')
      const key = randomUUID()
      const response = post(api, key)
      await waitFor('the write waits', async () => (await database.sql(`select from pg_stat_activity where application_name = 'payments-api write' and wait_event_type = 'Lock'`)).length > 0)
      await database.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'payments-api write' and datname = current_database()`)
      await rival.query('rollback')
      const { status, headers } = await response
      assert.deepEqual([
        status,
        headers.get('idempotent-replayed'),
      ], [201, null])
      assert.deepEqual(await database.sql(`select count(*)::int as n from payments where idempotency_key = $1`, [key]), [
        { n: 1 },
      ])
    }
    finally {
      await rival.end()
    }
  })

  it('finishes running requests on SIGTERM, then exits 0', async () => {
    const api = await start()
    await post(api)
    const rival = new pg.Client({
      connectionString: database.url(),
    })
    await rival.connect()
    try {
      await rival.query('begin')
      await rival.query('lock table payments in share mode')
      const response = post(api)
      await waitFor('the write waits', async () => (await database.sql(`select from pg_stat_activity where application_name = 'payments-api write' and wait_event_type = 'Lock'`)).length > 0)
      const stopped = api.stop()
      await waitFor('no new connection is accepted', () => new Promise((resolve) => {
        const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
        socket.once('connect', () => resolve(false)).once('error', () => resolve(true)).once('close', () => socket.destroy())
        socket.once('connect', () => socket.destroy())
      }))
      await rival.query('rollback')
      assert.equal((await response).status, 201)
      assert.equal(await stopped, 0)
    }
    finally {
      await rival.end()
    }
  })

  it('keeps a payment whose client disconnected', async () => {
    const api = await start()
    const key = randomUUID()
    const abort = new AbortController()
    const rival = new pg.Client({
      connectionString: database.url(),
    })
    await rival.connect()
    try {
      await rival.query('begin')
      await rival.query('lock table payments in share mode')
      const response = fetch(`${api.url}/payments`, {
        method: 'POST',
        body: '{"accountId":"A","amount":1}',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        signal: abort.signal,
      }).catch(() => 'gone')
      await waitFor('the write waits', async () => (await database.sql(`select from pg_stat_activity where application_name = 'payments-api write' and wait_event_type = 'Lock'`)).length > 0)
      abort.abort()
      assert.equal(await response, 'gone')
    }
    finally {
      await rival.end()
    }
    const { status, headers } = await post(await start(), key) // another process
    assert.deepEqual([
      status,
      headers.get('idempotent-replayed'),
    ], [201, 'true'])
    assert.deepEqual(await database.sql('select count(*)::int as n from payments where idempotency_key = $1', [key]), [
      { n: 1 },
    ])
  })

  it('logs one line of JSON per request, with its id and without headers or body', async () => {
    const api = await start()
    const { headers } = await post(api, 'a-key-of-mine')
    await waitFor('the request is logged', () => api.log.some(line => line.includes(headers.get('x-request-id')!)))
    assert.ok(api.log.every(line => typeof JSON.parse(line) === 'object'))
    assert.ok(!api.log.join('').includes('a-key-of-mine'))
  })

  it('migrates from the command line, and says in one line what went wrong', async () => {
    const migrate = (url: string): Promise<{ stdout: string }> =>
      promisify(execFile)(process.execPath, [
        join(import.meta.dirname, '../src/migrate.ts'),
      ], {
        env: { ...process.env, DATABASE_URL: url },
      })
    assert.equal((await migrate(database.url())).stdout, 'the schema is up to date\n')
    await assert.rejects(migrate('postgres://x@127.0.0.1:1/x'), { code: 1, stderr: 'payments-api migrate: connect ECONNREFUSED 127.0.0.1:1\n' })
  })
})
