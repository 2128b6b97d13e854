import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { OPENAPI_PATH, openApiText } from '../scripts/write-openapi.ts'
import { call, startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'

describe('the OpenAPI document', () => {
  it('matches contracts/openapi.json (to fix: npm run openapi)', async function () {
    if (!existsSync(OPENAPI_PATH))
      this.skip() // this service was cloned without the contracts
    assert.equal(await readFile(OPENAPI_PATH, 'utf8'), openApiText())
  })

  it('is served, and rendered by a page that loads nothing from other hosts', async () => {
    const database = await createDatabase()
    const api = await startApi(database.url('payments_api'))
    try {
      assert.deepEqual((await call(`${api.url}/openapi.json`)).body, JSON.parse(openApiText()))
      const page = await call(`${api.url}/docs`)
      assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'self'/)
      assert.doesNotMatch(page.text, /https?:/)
      assert.equal((await call(`${api.url}/docs/swagger-ui-bundle.js`)).status, 200)
    }
    finally {
      await api.stop()
      await database.drop()
    }
  })
})
