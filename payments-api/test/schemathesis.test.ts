import type { Api } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'
import { findSchemathesis, runSchemathesis } from './support/schemathesis.ts'
import { seedPayments } from './support/seed-payments.ts'
import { startStreamEndingProxy } from './support/stream-ending-proxy.ts'

/**
 * The API may refuse a body that the document allows, for rules that the document cannot state: the decimals of its currency, a
 * key that belongs to another payment, an account that holds another currency, a payment that cannot be refunded.
 */
const SETTINGS = `
[[operations]]
include-name = "POST /payments"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", 409, 422]

[[operations]]
include-name = "POST /payments/{id}/refunds"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", 404, 409, 422]
`
const FULL = process.env.FULL === '1'
/** Examples per operation and phase; FULL=1 sends more than 10,000 requests. */
const EXAMPLES = FULL ? 700 : 2
const DEADLINE_MS = FULL ? 50 * 60_000 : 300_000

/** Schemathesis reads the document, sends valid and invalid requests, and checks every response against the document. */
describe('the OpenAPI document and the API', () => {
  let database: TestDatabase
  let api: Api
  let proxy: Awaited<ReturnType<typeof startStreamEndingProxy>>
  let folder: string

  before(async () => {
    database = await createDatabase()
    await seedPayments(database, (['completed', 'completed_with_discrepancy', 'failed', null] as const).map(result => ({ accountId: 'ACC-001', amount: '42.13', result })))
    await seedPayments(database, [{ accountId: 'ACC-002', amount: '1.00', result: null, job: 'dead' }])
    api = await startApi(database.url('payments_api'))
    proxy = await startStreamEndingProxy(api.url)
    folder = await mkdtemp(join(tmpdir(), 'schemathesis-'))
    await writeFile(join(folder, 'schemathesis.toml'), SETTINGS)
  })
  after(async () => {
    await proxy?.stop()
    await api?.stop()
    await database?.drop()
    await rm(folder, { recursive: true, force: true })
  })

  it(`pass every check of Schemathesis${FULL ? '' : ' (FULL=1 sends 10,000 requests)'}`, async function () {
    const found = await findSchemathesis()
    if ('missing' in found) {
      this.test!.title += `: ${found.missing}`
      this.skip()
    }
    const { code, output } = await runSchemathesis(found.program, [
      `${proxy.url}/openapi.json`,
      '--checks=all',
      '--phases=examples,coverage,fuzzing,stateful',
      `--max-examples=${EXAMPLES}`,
      '--workers=1',
      '--request-timeout=10',
      '--max-response-time=10',
      '--generation-database=none',
      '--suppress-health-check=all',
      '--continue-on-failure',
      '--no-shrink',
      '--seed=1',
    ], { folder, deadlineMs: DEADLINE_MS })
    if (FULL)
      console.log(output.split('\n').slice(-40).join('\n'))
    assert.equal(code, 0, output)
  }).timeout(DEADLINE_MS + 300_000)
})
