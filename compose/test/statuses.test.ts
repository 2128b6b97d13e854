import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../src/config.ts'

const read = (path: string) => readFileSync(join(repoRoot, path), 'utf8')
const load = (path: string) => import(join(repoRoot, path)) as Promise<Record<string, readonly string[] | Record<string, unknown>>>

// The services share no code, so each one lists the statuses. This test checks that the lists agree.
describe('the statuses', () => {
  const schema = read('contracts/schema.sql')
  /** The values that a table's check constraint allows in its column `status`: the last migration that replaced it counts. */
  const allowed = (table: string) => {
    const created = new RegExp(`create table ${table} \\([\\s\\S]*?\\bstatus [^\\n]*check \\(status in \\(([^)]*)\\)`).exec(schema)
    const replaced = [...schema.matchAll(new RegExp(`add constraint ${table}_status_check check \\(status in \\(([^)]*)\\)`, 'g'))].at(-1)
    const check = replaced ?? created
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

  it('stand in the files that the README names for a new status', () => {
    const [, table] = /^\| part \| file \| list \|\n\|[-|]+\|\n((?:\|.*\n)+)/m.exec(read('README.md')) ?? []
    assert.ok(table, 'the README has a table of the lists of statuses')
    const rows = table.trim().split('\n').map(row => [...row.matchAll(/`([^`]+)`/g)].map(([, quoted]) => quoted!))
    assert.equal(rows.length, 4)
    for (const row of rows) {
      const [path, list] = [row[0]!, row.at(-1)!]
      assert.deepEqual(listIn(path, list), allowed(list === 'RESULT_STATUSES' ? 'reconciliation_results' : 'payments'), `${path} holds ${list}`)
    }
  })

  /** The quoted values of a list in a source file: an array or a check constraint with this name. */
  function listIn(path: string, name: string): string[] {
    const list = new RegExp(`^export const ${name} = \\[([^\\]]*)\\]|add constraint ${name} check \\(status in \\(([^)]*)\\)`, 'm').exec(read(path))
    return [...(list?.[1] ?? list?.[2] ?? '').matchAll(/'([^']*)'/g)].map(([, value]) => value!)
  }
})
