import type { Answer, Api } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { openApiText } from '../scripts/write-openapi.ts'
import { firstUuidv7At } from '../src/domain/uuidv7.ts'
import { call, startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'
import { listening } from './support/listening.ts'
import { writeSettled } from './support/settled.ts'
import { waitFor } from './support/wait-for.ts'

const THREE_DAYS_MS = 3 * 86_400_000

describe('the queue', () => {
  let database: TestDatabase
  let api: Api

  before(async () => {
    database = await createDatabase()
    api = await startApi(database.url('payments_api'))
    await listening(database)
  })
  after(async () => {
    await api?.stop()
    await database?.drop()
  })

  const post = <Body = { type: string, detail: string }>(path: string, body?: unknown): Promise<Answer<Body>> => call<Body>(`${api.url}${path}`, { method: 'POST', body })

  it('tells nobody to retry the retry of a job that is not dead', async () => {
    const [finished, waiting] = await writeSettled(database, [
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

  it('reports what settled after days as days, and one settled payment as a rate above 0', async () => {
    const operations = async (): Promise<Settled> => (await call<{ settled: Settled }>(`${api.url}/operations`)).body.settled
    await database.sql(`select pg_notify('payment_events', $1)`, [JSON.stringify({ completed: [firstUuidv7At(new Date(Date.now() - THREE_DAYS_MS))] })])
    await waitFor('the API hears it', async () => (await operations()).settled === 1)
    const { settledPerSecond, now, latencyMs } = await operations()
    assert.ok(settledPerSecond > 0 && now.settledPerSecond > 0)
    assert.ok(Math.abs(latencyMs.p99 / THREE_DAYS_MS - 1) < 0.05, String(latencyMs.p99))
    assert.ok(latencyMs.longest >= THREE_DAYS_MS)
  })
})

interface Settled {
  settled: number
  settledPerSecond: number
  now: { settledPerSecond: number }
  latencyMs: { p99: number, longest: number }
}
