import type { ApiResponse } from './support/api.ts'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import pg from 'pg'
import { openApiText } from '../scripts/write-openapi.ts'
import { firstUuidv7At } from '../src/domain/uuidv7.ts'
import { call } from './support/api.ts'
import { exchange } from './support/raw-http.ts'
import { seedPayments } from './support/seed-payments.ts'
import { useApi } from './support/use-api.ts'
import { waitForListener } from './support/wait-for-listener.ts'
import { waitFor } from './support/wait-for.ts'

const THREE_DAYS_MS = 3 * 86_400_000

describe('the queue', () => {
  const { database, api } = useApi()

  before(async () => {
    await waitForListener(database)
  })

  const post = <Body = { type: string, detail: string }>(path: string, body?: unknown): Promise<ApiResponse<Body>> => call<Body>(`${api.url}${path}`, { method: 'POST', body })

  it('refuses the retry of a job that is not dead, without Retry-After', async () => {
    const [finished, waiting] = await seedPayments(database, [
      { accountId: 'A', amount: '1.00', result: 'completed' },
      { accountId: 'A', amount: '1.00', result: null },
    ])
    for (const id of [finished, waiting]) {
      const { status, body, headers } = await post(`/recon-jobs/${id}/retry`)
      assert.deepEqual([status, body.type, headers.get('retry-after')], [409, '/problems/job-not-dead', null])
    }
    const { paths } = JSON.parse(openApiText()) as { paths: Record<string, { post: { responses: Record<string, { headers?: object }> } }> }
    const documented = (path: string, status: number): string[] => Object.keys(paths[path]!.post.responses[status]!.headers ?? {})
    assert.deepEqual(documented('/recon-jobs/{paymentId}/retry', 409), [])
    assert.deepEqual(documented('/payments', 409), ['Retry-After'])
    assert.deepEqual(documented('/payments', 503), ['Retry-After'])
  })

  it('takes no fields where there is nothing to say', async () => {
    for (const path of ['/queue/resume', `/recon-jobs/${firstUuidv7At(new Date())}/retry`]) {
      const send = async (body: string, type = 'application/json'): Promise<[number, string, unknown]> => {
        const response = await fetch(`${api.url}${path}`, { method: 'POST', body, headers: { 'Content-Type': type } })
        const { type: problem, errors } = await response.json() as { type: string, errors?: unknown }
        return [response.status, problem, errors]
      }
      assert.deepEqual(await send('{"paused":false}'), [422, '/problems/validation', [{ pointer: '#/paused', detail: 'is not a field here' }]])
      assert.deepEqual(await send('{"a":1,"a":2}'), [400, '/problems/malformed-json', [{ pointer: '#/a', detail: 'is repeated' }]])
      assert.deepEqual(await send('x', 'text/plain'), [415, '/problems/unsupported-media-type', undefined])
      const taken = path === '/queue/resume' ? 200 : 404
      assert.equal((await send('{}'))[0], taken)
      const [response] = await exchange(api.url, `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)
      assert.equal(response?.status, taken, 'an empty chunked body is none')
    }
  })

  describe('with dead jobs', () => {
    const deadJobs = async (): Promise<number> => (await database.sql<{ n: number }>(`select count(*)::int as n from recon_jobs where status = 'dead'`))[0]!.n
    const retry = (body?: unknown): Promise<ApiResponse<{ retried: number, remaining: number }>> => post('/recon-jobs/retry', body)

    beforeEach(async () => {
      const ids = await seedPayments(database, Array.from({ length: 5 }, () => ({ accountId: 'DEAD', amount: '1.00', result: null, job: 'dead' as const })))
      await database.sql(`update recon_jobs set last_error = 'out of "paper"; 100 %' where payment_id = any($1)`, [ids.slice(0, 2)])
    })
    afterEach(() => database.sql('select retry_dead_jobs(10000)'))

    it('puts them back in steps until none remains', async () => {
      const steps = [await retry({ limit: 2 }), await retry({ limit: 2 }), await retry({ limit: 2 }), await retry({ limit: 2 })]
      assert.deepEqual(steps.map(({ status, body }) => [status, body.retried, body.remaining]), [[200, 2, 3], [200, 2, 1], [200, 1, 0], [200, 0, 0]])
      assert.equal(await deadJobs(), 0)
    })

    it('puts all of them back for a request with an empty body or none', async () => {
      assert.deepEqual((await retry()).body, { retried: 5, remaining: 0 })
      assert.deepEqual((await retry({})).body, { retried: 0, remaining: 0 })
    })

    it('puts back only those with exactly the given error, and counts only those', async () => {
      assert.deepEqual((await retry({ error: 'out of "paper"; 100 %', limit: 1 })).body, { retried: 1, remaining: 1 })
      assert.deepEqual((await retry({ error: 'out of "paper"; 100 %' })).body, { retried: 1, remaining: 0 })
      for (const error of ['OUT OF "PAPER"; 100 %', 'no such', 'no such account ', '%', ''])
        assert.deepEqual((await retry({ error })).body, { retried: 0, remaining: 0 }, error)
      assert.equal(await deadJobs(), 3)
    })

    it('wakes the workers', async () => {
      const worker = new pg.Client({ connectionString: database.url('payments_worker') })
      await worker.connect()
      try {
        await worker.query('listen recon_jobs')
        const woken = once(worker, 'notification', { signal: AbortSignal.timeout(10_000) })
        await retry()
        await woken
      }
      finally {
        await worker.end()
      }
    })

    it('puts none back for an invalid body, and names each wrong field', async () => {
      for (const [body, pointer] of [
        [{ limit: 0 }, '#/limit'],
        [{ limit: 1_001 }, '#/limit'],
        [{ limit: -1 }, '#/limit'],
        [{ limit: 1.5 }, '#/limit'],
        [{ limit: '5' }, '#/limit'],
        [{ limit: null }, '#/limit'],
        [{ error: null }, '#/error'],
        [{ error: 7 }, '#/error'],
        [{ error: 'a\0' }, '#/error'],
        ['{"error":"\\ud800"}', '#/error'],
        [{ errors: 'no such account' }, '#/errors'],
        [{ 'a/b': 1 }, '#/a~1b'],
        [[], '#'],
        ['null', '#'],
        ['5', '#'],
      ]) {
        const { status, body: problem } = await post<{ type: string, errors: { pointer: string }[] }>('/recon-jobs/retry', body)
        assert.deepEqual([status, problem.type, problem.errors.map(error => error.pointer)], [422, '/problems/validation', [pointer]], JSON.stringify(body))
      }
      assert.equal((await post('/recon-jobs/retry', '{')).status, 400)
      const many = await post<{ errors: unknown[] }>('/recon-jobs/retry', Object.fromEntries(Array.from({ length: 7_000 }, (_, i) => [i, 0])))
      assert.deepEqual([many.status, many.body.errors.length], [422, 20])
      assert.equal(await deadJobs(), 5)
    })
  })

  describe('paused', () => {
    const queue = async (): Promise<Pause> => (await call<{ queue: Pause }>(`${api.url}/operations`)).body.queue
    const pause = (body?: unknown): Promise<ApiResponse<Pause>> => post('/queue/pause', body)
    const pauseOf = ({ pausedAt, pausedBy, pauseReason }: Pause): Pause => ({ pausedAt, pausedBy, pauseReason })
    const running = { pausedAt: null, pausedBy: null, pauseReason: null }

    afterEach(() => database.sql('select resume_queue()'))

    it('says since when, by whom and why, and keeps the first pause', async () => {
      assert.deepEqual(pauseOf(await queue()), running)
      const { status, body } = await pause({ reason: 'the bank corrects its accounts' })
      assert.deepEqual([status, body.pausedBy, body.pauseReason], [200, 'operator', 'the bank corrects its accounts'])
      assert.ok(Math.abs(Date.parse(body.pausedAt!) - Date.now()) < 60_000)
      assert.deepEqual((await pause({ reason: 'another one' })).body, body)
      assert.deepEqual(pauseOf(await queue()), body)
    })

    it('by a worker says so and can be resumed by any caller, repeatedly', async () => {
      await database.sql(`select pause_queue('recon-worker', '51 of the last 100 jobs were refused')`)
      assert.deepEqual([(await queue()).pausedBy, (await queue()).pauseReason], ['recon-worker', '51 of the last 100 jobs were refused'])
      for (let i = 0; i < 2; i++) {
        const { status, body } = await post<Pause>('/queue/resume')
        assert.deepEqual([status, body], [200, running])
      }
      assert.deepEqual(pauseOf(await queue()), running)
    })

    it('needs no reason and no body', async () => {
      assert.equal((await pause()).body.pauseReason, null)
      await database.sql('select resume_queue()')
      assert.equal((await pause({})).body.pauseReason, null)
    })

    it('is refused for an invalid body', async () => {
      for (const body of [{ reason: 'x'.repeat(501) }, { reason: 5 }, { reason: null }, { reason: 'a\0' }, { by: 'me' }])
        assert.equal((await pause(body)).status, 422, JSON.stringify(body))
      assert.deepEqual(pauseOf(await queue()), running)
      assert.equal((await pause({ reason: 'é'.repeat(500) })).status, 200)
    })

    it('still accepts payments, and the API is ready', async () => {
      await pause()
      const { status } = await call(`${api.url}/payments`, { headers: { 'idempotency-key': 'while-paused' }, body: { accountId: 'P', amount: '1.00' } })
      assert.deepEqual([status, (await call(`${api.url}/ready`)).status], [201, 200])
    })
  })

  it('reports a latency of days as days, and one settled payment as a rate above 0', async () => {
    const operations = async (): Promise<Settled> => (await call<{ settled: Settled }>(`${api.url}/operations`)).body.settled
    await database.sql(`select pg_notify('payment_events', $1)`, [JSON.stringify({ completed: [firstUuidv7At(new Date(Date.now() - THREE_DAYS_MS))] })])
    await waitFor('the API has received the notification', async () => (await operations()).settled === 1)
    const { settledPerSecond, now, latencyMs } = await operations()
    assert.ok(settledPerSecond > 0 && now.settledPerSecond > 0)
    assert.ok(Math.abs(latencyMs.p99 / THREE_DAYS_MS - 1) < 0.05, String(latencyMs.p99))
    assert.ok(latencyMs.longest >= THREE_DAYS_MS)
  })
})

interface Pause {
  pausedAt: string | null
  pausedBy: string | null
  pauseReason: string | null
}

interface Settled {
  settled: number
  settledPerSecond: number
  now: { settledPerSecond: number }
  latencyMs: { p99: number, longest: number }
}
