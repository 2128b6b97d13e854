import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgres } from '../../recon-worker/test/support/postgres.ts'
import { savedAnchors } from '../src/anchors.ts'
import { repoRoot } from '../src/config.ts'
import { checkInvariants } from '../src/invariants.ts'
import { fillBooks } from './support/fill-books.ts'
import { run } from './support/run.ts'

const PAYMENTS = 2_000
const MANY = 1_000_000
const TIMEOUT_MS = 60_000

describe('the audit', () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>
  let folder: string
  let client: pg.Client
  let url: string

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'payments-audit-'))
    postgres = await startPostgres()
    ;[url, client] = await books('audit', PAYMENTS)
  })
  after(async () => {
    await client?.end()
    postgres?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Creates a database with this number of settled payments. */
  async function books(name: string, payments: number): Promise<[string, pg.Client]> {
    const admin = new pg.Client({ connectionString: postgres.url })
    await admin.connect()
    await admin.query(`create database ${name}`)
    await admin.end()
    const url = Object.assign(new URL(postgres.url), { pathname: `/${name}` }).href
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(readFileSync(join(repoRoot, 'contracts/schema.sql'), 'utf8'))
    await fillBooks(client, payments)
    return [url, client]
  }

  const verb = (script: string, env: Record<string, string> = {}) => run(repoRoot, { PATH: process.env.PATH!, PAYMENTS_DATABASE_URL: url, DATA_DIR: folder, ...env }, process.execPath, `compose/src/verbs/${script}`)

  /** Runs statements with triggers off, then an audit, and restores the books. */
  async function auditWith(corruption: string, repair: string, env: Record<string, string> = { FULL: '1' }): Promise<{ code: number | null, stdout: string }> {
    await client.query(`set session_replication_role = replica; ${corruption}`)
    try {
      return await verb('audit.ts', env)
    }
    finally {
      await client.query(`${repair}; set session_replication_role = origin`)
    }
  }

  it('starts from the beginning without an anchor, then adds one', async () => {
    const { code, stdout } = await verb('audit.ts')
    assert.equal(code, 0, stdout)
    assert.match(stdout, /^Checking all payments: there is no anchor yet\.$/m)
    assert.match(stdout, /^Anchor 1:[0-9a-f]{64} covers/m)
    assert.match(stdout, /^All \d+ invariants hold\.$/m)
  }).timeout(TIMEOUT_MS)

  it('starts from the last anchor, and adds none within a day', async () => {
    const { code, stdout } = await verb('audit.ts')
    assert.equal(code, 0, stdout)
    assert.match(stdout, /^Checking the payments since anchor 1 \(.*\)\. FULL=1 checks all of them\.$/m)
    assert.deepEqual((await savedAnchors(client, join(folder, 'anchors.jsonl'))).map(({ seq }) => seq), [1])
  }).timeout(TIMEOUT_MS)

  it('finds a payment that vanished with all its rows', async () => {
    const { code, stdout } = await auditWith(
      `create table gone as select * from payments where status = 'failed' limit 1; create table gone_result as select r.* from reconciliation_results r join gone g on g.id = r.payment_id;
       delete from payments where id in (select id from gone); delete from reconciliation_results where payment_id in (select id from gone); delete from recon_jobs where payment_id in (select id from gone)`,
      `insert into payments select * from gone; insert into reconciliation_results select * from gone_result; drop table gone, gone_result`,
    )
    assert.equal(code, 1, stdout)
    assert.match(stdout, /^BROKEN {2}Everything accepted and settled before an anchor .*\n {2}\| .*"payments_then":"2000","payments_now":"1999"/m)
  }).timeout(TIMEOUT_MS)

  it('detects a forged chain by the anchors saved outside the database', async () => {
    const { code, stdout } = await auditWith(
      `create table old as select * from audit_anchors; delete from audit_anchors; update payments set caller = 'thief' where caller = 'anonymous'; set session_replication_role = origin; ${readFileSync(join(repoRoot, 'contracts/anchor.sql'), 'utf8')}`,
      `set session_replication_role = replica; delete from audit_anchors; insert into audit_anchors select * from old; drop table old; update payments set caller = 'anonymous'`,
    )
    assert.equal(code, 1, stdout)
    assert.match(stdout, /^BROKEN {2}The database has every anchor that is saved outside .*\n {2}\| .*"seq":1/m)
  }).timeout(TIMEOUT_MS)

  it('prints an anchor to keep elsewhere, and compares a given one with the database', async () => {
    const { code, stdout } = await verb('audit-anchor.ts')
    assert.equal(code, 0, stdout)
    const [, text] = /^Anchor (2:[0-9a-f]{64})$/m.exec(stdout)!
    writeFileSync(join(folder, 'anchors.jsonl'), '') // the only copy is the printed one
    assert.equal((await verb('audit.ts', { FULL: '1', ANCHOR: text! })).code, 0)
    const forged = await verb('audit.ts', { ANCHOR: `2:${'0'.repeat(64)}` })
    assert.equal(forged.code, 1)
    assert.match(forged.stdout, /saved-anchors/)
  }).timeout(TIMEOUT_MS)

  it('leaves a late payment with an old id to the next anchor', async () => {
    await client.query(`
      insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
      select '00000000-0001-7000-8000-000000000001', 'late', 'late', sha256(convert_to('["v1","FILL-1","100","USD",""]', 'UTF8')), 'FILL-1', 'USD', 1.00, '', to_timestamp(0.001), to_timestamp(0.001)`)
    await client.query(`insert into recon_jobs (payment_id) values ('00000000-0001-7000-8000-000000000001')`)
    const { stdout } = await verb('audit.ts', { FULL: '1' })
    assert.doesNotMatch(stdout, /^BROKEN {2}What was accepted/m)
  }).timeout(TIMEOUT_MS)

  it(`finds that every invariant holds over ${MANY.toLocaleString('en')} payments, and prints how long that takes`, async function () {
    if (process.env.FULL !== '1')
      this.skip() // FULL=1 runs it: filling the books takes a minute
    const [manyUrl, many] = await books('many', MANY)
    try {
      const begin = Date.now()
      for (const { name, rows } of await checkInvariants(manyUrl, 5 * TIMEOUT_MS))
        assert.deepEqual(rows, [], name)
      process.stdout.write(`      ${((Date.now() - begin) / 1000).toFixed(1)} s\n`)
    }
    finally {
      await many.end()
    }
  }).timeout(1_200_000)
})
