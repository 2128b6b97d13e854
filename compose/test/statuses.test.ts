import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../src/config.ts'

const read = (path: string) => readFileSync(join(repoRoot, path), 'utf8')
const load = (path: string) => import(join(repoRoot, path)) as Promise<Record<string, readonly string[] | Record<string, unknown>>>

// The services share no code, so each says for itself which statuses there are. This is where they must agree.
describe('the statuses', () => {
  const schema = read('contracts/schema.sql')
  /** The values that a table's check constraint allows in its column `status`. */
  const allowed = (table: string) => {
    const check = new RegExp(`create table ${table} \\([\\s\\S]*?\\bstatus [^\\n]*check \\(status in \\(([^)]*)\\)`).exec(schema)
    assert.ok(check, `${table} has a check of its status`)
    return check[1]!.split(', ').map(quoted => quoted.slice(1, -1))
  }

  it('of payments are the same in the database, the API and the console', async () => {
    const api = await load('payments-api/src/domain/payment.ts')
    const console = await load('payments-ui/shared/types/payment.ts')
    assert.deepEqual(api.PAYMENT_STATUSES, allowed('payments'))
    assert.deepEqual(console.paymentStatuses, allowed('payments'))
  })

  it('of results are the same in the database, the worker and the API', async () => {
    const worker = await load('recon-worker/src/reconcile.ts')
    const api = await load('payments-api/src/domain/payment.ts')
    assert.deepEqual(worker.RESULT_STATUSES, allowed('reconciliation_results'))
    assert.deepEqual(Object.keys(api.OUTCOMES!), allowed('reconciliation_results'))
  })
})
