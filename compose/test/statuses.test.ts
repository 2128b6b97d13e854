import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../src/config.ts'
import { allowedStatuses, STATUS_LISTS, statusGaps } from '../src/contracts/statuses.ts'

const read = (path: string) => readFileSync(join(repoRoot, path), 'utf8')
const load = (path: string) => import(join(repoRoot, path)) as Promise<Record<string, readonly string[] | Record<string, unknown>>>

// The services share no code, so each one lists the statuses. These tests check that the lists agree.
describe('the statuses', () => {
  it('of payments are the same in the database, the API, the worker, the console and the documents', () => {
    assert.deepEqual(statusGaps(repoRoot).map(({ place, file, fix }) => `${place}: ${file}: ${fix}`), [])
  })

  it('of results are the same in the database, the worker and the API', async () => {
    const worker = await load('recon-worker/src/reconcile.ts')
    const api = await load('payments-api/src/domain/payment.ts')
    const allowed = allowedStatuses(read('contracts/invariants/guards.sql'), 'reconciliation_results')
    assert.deepEqual(worker.RESULT_STATUSES, allowed)
    assert.deepEqual(Object.keys(api.OUTCOMES!), allowed)
  })

  it('stand in the files that the guide to adding one names', () => {
    const rows = [...read('docs/adding-a-payment-status.md').matchAll(/^\| (\w+) \| `([^`]+)` \|/gm)].map(([, place, file]) => [place, file])
    assert.deepEqual(rows, STATUS_LISTS.map(({ place, file }) => [place, file]))
  })
})
