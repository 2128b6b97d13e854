import type { Answer, Api } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { openApiText } from '../scripts/write-openapi.ts'
import { call, startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'
import { writeSettled } from './support/settled.ts'

describe('the queue', () => {
  let database: TestDatabase
  let api: Api

  before(async () => {
    database = await createDatabase()
    api = await startApi(database.url('payments_api'))
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
})
