import type { Corruption } from './support/corruptions.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { pino } from 'pino'
import { runOnce } from '../src/run-once.ts'
import { connect } from '../src/sql/connect.ts'
import { anchor, brokenPromises, CONTRACTS, promises } from './support/audit.ts'
import { corruptions } from './support/corruptions.ts'
import { createDatabase } from './support/database.ts'
import { accept } from './support/payments.ts'
import { refund } from './support/refunds.ts'

describe('the invariants', () => {
  let database: TestDatabase
  let owner: pg.Client
  /** The id of a pending payment. */
  let pending: string

  before(async () => {
    database = await createDatabase()
    owner = new pg.Client({ connectionString: database.url() })
    await owner.connect()
    const { rows: [self] } = await owner.query<{ name: string }>('select current_database() as name')
    await owner.query(`revoke temporary, create on database ${self!.name} from public`) // copying a template does not copy this
    await owner.query(`insert into recon_workers (id, host, pid) values ('w', 'h', 1)`)
    // One payment is refunded in part, with another refund queued, and one in full.
    const refunded = await accept(database, ['7.50', '42.13'].map(amount => ({ accountId: 'ACC-003', amount })))
    await settle()
    await refund(database, { payment: refunded[0]!, amount: '2.00' })
    await refund(database, { payment: refunded[1]! })
    await settle()
    const { id: queued } = await refund(database, { payment: refunded[0]!, amount: '0.50' })
    await database.sql(`update recon_jobs set run_at = now() + interval '10 minutes' where payment_id = $1`, [queued])
    for (const accountId of ['ACC-001', 'ACC-002'])
      await accept(database, ['100.00', '42.13', '0.00', '-5.00', '7.50'].map(amount => ({ accountId, amount })))
    await settle()
  })
  after(async () => {
    await owner?.end()
    await database?.drop()
  })

  async function settle(): Promise<void> {
    const db = connect(database.url('payments_worker'), pino({ level: 'silent' }))
    try {
      await runOnce(db, { workerId: 'w', batchSize: 100, maxAttempts: 3 })
    }
    finally {
      await db.destroy()
    }
  }

  /** Plants a corruption with triggers and foreign keys disabled, and returns the broken promises. Every statement must change a row. */
  async function plant({ what, sql }: Corruption): Promise<string[]> {
    await owner.query('begin')
    try {
      await owner.query('set local session_replication_role = replica')
      const results = [await owner.query(sql).catch((error: Error) => assert.fail(`${what}: ${error.message}`))].flat() as pg.QueryResult[]
      assert.deepEqual(results.filter(({ rowCount }) => rowCount === 0).map(({ command }) => command), [], `${what}: statements that touch no row`)
      return await brokenPromises(owner)
    }
    finally {
      await owner.query('rollback')
    }
  }

  it('hold before the first anchor, and after it', async () => {
    assert.deepEqual(await brokenPromises(owner), [])
    await anchor(owner)
    assert.deepEqual(await brokenPromises(owner), [])
    ;[pending] = await accept(database, [{ accountId: 'ACC-001', amount: '1.00' }]) as [string]
    assert.deepEqual(await brokenPromises(owner), [])
    await anchor(owner)
    assert.deepEqual(await brokenPromises(owner), [])
  })

  it('find every corruption that leaves a trace, and each invariant finds at least one', async () => {
    const proven = new Set<string>()
    for (const corruption of corruptions(pending)) {
      const broken = await plant(corruption)
      broken.forEach(name => proven.add(name))
      if (corruption.by === null)
        assert.deepEqual(broken, [], `${corruption.what}: found now, so say by what`)
      else
        assert.ok(broken.includes(corruption.by), `${corruption.what}: ${corruption.by} is not among ${broken.join(', ') || 'none'}`)
    }
    assert.deepEqual(promises.filter(name => !proven.has(name)), [])
  }).timeout(300_000)

  it('are listed with all corruptions in the contracts', () => {
    const listed = readFileSync(join(CONTRACTS, 'invariants/README.md'), 'utf8')
    for (const { what, by } of corruptions(''))
      assert.ok(listed.includes(`| ${what} | ${by ?? 'not found:'}`), `contracts/invariants/README.md lacks "${what}" or the promise that it breaks`)
  })

  it('all hold after finished jobs were pruned, and pending payments settle as before', async () => {
    assert.equal((await owner.query(`delete from recon_jobs where status = 'completed'`)).rowCount, 14)
    await assert.rejects(owner.query(`delete from recon_jobs`), { code: '23001' }, 'a waiting job cannot be pruned')
    await settle()
    assert.deepEqual(await brokenPromises(owner), [])
    assert.deepEqual((await owner.query(`select count(*)::int as payments, count(j)::int as jobs from payments left join recon_jobs j on j.payment_id = id`)).rows, [{ payments: 16, jobs: 2 }])
  })
})
