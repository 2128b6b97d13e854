import type { CheckedPass, Pass, PassOutcome } from '../src/domain/proofs.ts'
import type { Api } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { MAX_ROWS, proofs } from '../src/domain/proofs.ts'
import { checkInvariants, INVARIANTS_DIR, readPasses } from '../src/sql/check-invariants.ts'
import { call, startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'
import { seedPayments } from './support/seed-payments.ts'
import { waitFor } from './support/wait-for.ts'

interface Proof { name: string, sentence: string, state: string, brokenRows: number, examples: string[], tookMs: number | null, checkedAt: string | null }
interface Proofs { state: string, failed: boolean, since: string | null, proofs: Proof[], chaos: { passed: boolean } | null }

const CONTRACTS = join(process.env.CONTRACTS_DIR ?? join(import.meta.dirname, '../../contracts'), 'invariants')

describe('the API\'s copy of the invariants', () => {
  it('is that of contracts/invariants (to fix: cp contracts/invariants/*.sql payments-api/invariants/)', async () => {
    const [own, shared] = await Promise.all([INVARIANTS_DIR, CONTRACTS].map(async folder => (await readdir(folder)).filter(name => name.endsWith('.sql')).sort()))
    assert.deepEqual(own, shared)
    for (const file of own!)
      assert.equal(await readFile(new URL(file, INVARIANTS_DIR), 'utf8'), await readFile(join(CONTRACTS, file), 'utf8'), file)
  })

  it('gives each invariant one sentence', () => {
    const all = readPasses().flatMap(({ invariants }) => invariants)
    assert.ok(all.length > 30)
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length)
    for (const { sentence } of all)
      assert.match(sentence, /^[A-Z][^\n]*[.)]$/)
  })
})

describe('a run of the proofs', () => {
  const passes: Pass[] = [{ sql: '', invariants: [{ name: 'a', sentence: 'A.' }, { name: 'b', sentence: 'B.' }] }, { sql: '', invariants: [{ name: 'c', sentence: 'C.' }] }]
  const log = { error: () => {} }

  it('is not joined by a second one, and is kept for 10 s', async () => {
    let runs = 0
    let nowMs = 1_000
    const gate = Promise.withResolvers<void>()
    const runner = proofs({ passes, log, nowMs: () => nowMs, async* check(): AsyncGenerator<CheckedPass> {
      runs++
      await gate.promise
      yield { pass: passes[0]!, outcome: [{ broken: ['b'] }], tookMs: 1 }
      yield { pass: passes[1]!, outcome: undefined, tookMs: 2 }
    } })
    assert.deepEqual(runner.read().proofs.map(({ state }) => state), ['unchecked', 'unchecked', 'unchecked'])
    runner.run()
    runner.run()
    assert.equal(runner.read().state, 'running')
    gate.resolve()
    await waitFor('the run has ended', () => runner.read().state === 'idle')
    assert.deepEqual(runner.read().proofs.map(({ state }) => state), ['holds', 'broken', 'unfinished'])
    runner.run()
    assert.equal(runs, 1)
    nowMs += 10_000
    runner.run()
    assert.equal(runs, 2)
  })

  it('that breaks off says so, and can be repeated at once', async () => {
    let runs = 0

    const runner = proofs({ passes, log, async* check(): AsyncGenerator<CheckedPass> {
      runs++
      throw new Error('the database is away')
    } })
    runner.run()
    await waitFor('the run has ended', () => runner.read().finishedAt !== null)
    assert.equal(runner.read().failed, true)
    runner.run()
    assert.equal(runs, 2)
  })

  it('judges an invariant by every query that checks it, once the last one has ended', async () => {
    const shared: Pass[] = [{ sql: `select array['b'] as broken`, invariants: [{ name: 'a', sentence: 'A.' }] }, { sql: '', invariants: [{ name: 'b', sentence: 'B.' }] }]
    const statesAfter = async (...outcomes: PassOutcome[]): Promise<string[]> => {
      const runner = proofs({ passes: shared, log, async* check(): AsyncGenerator<CheckedPass> {
        for (const [i, outcome] of outcomes.entries())
          yield { pass: shared[i]!, outcome, tookMs: 1 }
      } })
      runner.run()
      await waitFor('the run has ended', () => runner.read().finishedAt !== null)
      return runner.read().proofs.map(({ state }) => state)
    }
    assert.deepEqual(await statesAfter([{ broken: ['b'] }]), ['holds', 'unchecked'])
    assert.deepEqual(await statesAfter([{ broken: ['b'] }], []), ['holds', 'broken'])
    assert.deepEqual(await statesAfter(undefined, []), ['unfinished', 'unfinished'])
    assert.deepEqual(await statesAfter(undefined, [{ broken: ['b'] }]), ['unfinished', 'broken'])
    assert.deepEqual(await statesAfter([], []), ['holds', 'holds'])
  })

  it('cannot tell whether an invariant holds if its query found as many rows as it may return', async () => {
    const runner = proofs({ passes, log, async* check(): AsyncGenerator<CheckedPass> {
      yield { pass: passes[0]!, outcome: Array.from({ length: MAX_ROWS }, () => ({ broken: ['a'] })), tookMs: 1 }
    } })
    runner.run()
    await waitFor('the run has ended', () => runner.read().finishedAt !== null)
    assert.deepEqual(runner.read().proofs.map(({ state }) => state), ['broken', 'unfinished', 'unchecked'])
  })

  it('is not offered without a login', () => {
    const runner = proofs({ passes, log, check: undefined })
    runner.run()
    assert.equal(runner.read().state, 'unavailable')
  })
})

describe('GET /proofs', () => {
  let database: TestDatabase
  let api: Api
  let folder: string

  before(async () => {
    database = await createDatabase()
    await database.sql(`do $$ begin execute format('revoke temporary on database %I from public', current_database()); end $$`) // a copy of a database has the default rights
    folder = await mkdtemp(join(tmpdir(), 'payments-proofs-'))
    api = await startApi(database.url('payments_api'), { PROOFS_DATABASE_URL: database.url('payments_prover'), CHAOS_REPORT: join(folder, 'chaos.json') })
  })
  after(async () => {
    await api?.stop()
    await database?.drop()
    await rm(folder, { recursive: true, force: true })
  })

  async function run(): Promise<Proofs> {
    await call(`${api.url}/proofs/run`, { method: 'POST' })
    let body: Proofs
    await waitFor('the run has ended', async () => {
      ({ body } = await call<Proofs>(`${api.url}/proofs`))
      return body.state === 'idle'
    }, 30_000)
    return body!
  }

  it('shows each invariant as a sentence, unchecked at first', async () => {
    const { body } = await call<Proofs>(`${api.url}/proofs`)
    assert.equal(body.state, 'idle')
    assert.ok(body.proofs.length > 30)
    assert.ok(body.proofs.every(({ state, checkedAt }) => state === 'unchecked' && checkedAt === null))
  })

  it('finds sound books intact, and names a balance that somebody changed', async () => {
    await call(`${api.url}/payments`, { body: { accountId: 'ACC-1', amount: '5.00' }, headers: { 'idempotency-key': 'proven' } })
    const sound = await run()
    assert.deepEqual(sound.proofs.filter(({ state }) => state !== 'holds').map(({ name, examples }) => [name, ...examples]), [])
    assert.equal(sound.since, null)

    await database.sql('set session_replication_role = replica')
    await database.sql(`update accounts set balance = balance + 1 where id = 'ACC-1'`)
    await new Promise(resolve => setTimeout(resolve, 10_000)) // until the last result is no longer fresh
    const broken = (await run()).proofs.find(({ name }) => name === 'account-balance-is-the-sum-of-its-entries')!
    assert.equal(broken.state, 'broken')
    assert.equal(broken.brokenRows, 1)
    assert.match(broken.examples[0]!, /ACC-1/)
  }).timeout(90_000)

  it('shows the last chaos report, if there is one that can be read', async () => {
    const chaos = async (): Promise<Proofs['chaos']> => (await call<Proofs>(`${api.url}/proofs`)).body.chaos
    assert.equal(await chaos(), null)
    await writeFile(join(folder, 'chaos.json'), 'not JSON')
    assert.equal(await chaos(), null)
    const report = { finishedAt: '2026-11-23T16:05:13.123Z', passed: true, sentences: ['12 kills of a worker: no payment was lost.'] }
    await writeFile(join(folder, 'chaos.json'), JSON.stringify(report))
    assert.deepEqual(await chaos(), report)
  })
})

describe('the proofs of books in which an entry has a time to come', () => {
  let database: TestDatabase
  before(async () => database = await createDatabase())
  after(() => database.drop())

  it('name the invariant, which the query of another file checks too', async () => {
    await seedPayments(database, [{ accountId: 'ACC-1', amount: '5.00', result: 'completed' }])
    await database.sql(`set session_replication_role = replica; update ledger_entries set created_at = now() + interval '1 day'; set session_replication_role = origin`)
    const runner = proofs({ passes: readPasses(), check: checkInvariants(database.url('payments_prover')), log: { error: () => {} } })
    runner.run()
    await waitFor('the run has ended', () => runner.read().finishedAt !== null, 30_000)
    const { state, brokenRows } = runner.read().proofs.find(({ name }) => name === 'times-are-plausible')!
    assert.deepEqual([state, brokenRows], ['broken', 2])
  }).timeout(60_000)
})

describe('the login of the proofs', () => {
  let database: TestDatabase
  before(async () => database = await createDatabase())
  after(() => database.drop())

  it('can change nothing, even in a transaction that may write', async () => {
    await seedPayments(database, [{ accountId: 'ACC-1', amount: '5.00', result: null }])
    const client = new pg.Client({ connectionString: database.url('payments_prover') })
    await client.connect()
    try {
      for (const statement of [`update accounts set balance = 1`, `delete from payments`, `insert into recon_workers (id, host, pid) values ('x', 'x', 1)`, `select pause_queue('x', 'x')`, `select retry_dead_jobs(1, null)`, `create table x ()`])
        await assert.rejects(client.query(`begin read write; ${statement}`).finally(() => client.query('rollback')), /permission denied/, statement)
    }
    finally {
      await client.end()
    }
  })

  it('gives up a pass at its limit, and checks the others in the same snapshot', async () => {
    const slow: Pass = { sql: `select array['slow'] as broken from pg_sleep(30);`, invariants: [{ name: 'slow', sentence: 'Slow.' }] }
    const quick: Pass = { sql: `select array['quick'] as broken;`, invariants: [{ name: 'quick', sentence: 'Quick.' }] }
    const outcomes: unknown[] = []
    for await (const { outcome } of checkInvariants(database.url('payments_prover'), 500)([slow, quick], () => {}))
      outcomes.push(outcome)
    assert.deepEqual(outcomes, [undefined, [{ broken: ['quick'] }]])
  }).timeout(60_000)
})
