import type pg from 'pg'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { superuserUrl } from '../../../compose/src/data/logins.ts'
import { connect, disconnect } from '../../../compose/src/machine/connect.ts'
import { TemporaryStack } from '../../../compose/test/support/temporary-stack.ts'
import { until } from '../../../compose/test/support/until.ts'
import { readChaosReport } from '../../../payments-api/src/read-chaos-report.ts'
import { readChaosJournal } from '../../auditor/chaos/journal.ts'
import { CHAOS_TIMEOUT_MS, consoleReport, redFolder, runChaos, startChaos, takeReport } from '../support/run-chaos.ts'

const QUERY_TIMEOUT_MS = 10_000
const STRIKE_TIMEOUT_MS = 60_000

describe('make chaos against a system that it did not start', function () {
  this.timeout(CHAOS_TIMEOUT_MS)
  let system: TemporaryStack
  let database: pg.Client
  let intactGrants: string
  before(async () => {
    system = await TemporaryStack.create()
    await system.stack.start(() => {}, new AbortController().signal)
    database = await connect(superuserUrl(system.config.ports.postgres, 'payments'), QUERY_TIMEOUT_MS)
    intactGrants = await grants()
  })
  after(async () => {
    if (database)
      await disconnect(database)
    await system.remove()
  })

  /** Every grant in the schema. Their order in the catalogue changes when one is taken away and given back. */
  async function grants(): Promise<string> {
    const { rows } = await database.query(`
      select relname as name, grantee, privilege_type from pg_class, aclexplode(relacl) where relnamespace = 'public'::regnamespace
       union all
      select proname, grantee, privilege_type from pg_proc, aclexplode(proacl) where pronamespace = 'public'::regnamespace
       order by 1, 2, 3`)
    return JSON.stringify(rows)
  }

  const frozen = async () => (await system.stack.parts()).some(({ state }) => state === 'paused')
  const locked = async () => (await database.query(`
    select from pg_locks join pg_class on pg_class.oid = relation
     where mode = 'AccessExclusiveLock' and granted and relkind = 'r' and relnamespace = 'public'::regnamespace`)).rowCount! > 0

  for (const [fault, isBroken] of Object.entries({ 'freeze-workers': frozen, 'revoke-grant': async () => await grants() !== intactGrants, 'lock-table': locked })) {
    it(`undoes ${fault} before it ends after a Ctrl-C`, async () => {
      const child = startChaos({ SYSTEM: system.config.dataDir, SEED: '7', FAULT: fault })
      const output = text(child.stdout)
      await until(`${fault} strikes`, isBroken, STRIKE_TIMEOUT_MS)
      child.kill('SIGINT')
      const [code] = await once(child, 'exit') as [number]
      assert.equal(code, 1)
      assert.match(await output, /Interrupted: stopping the faults/)
      assert.equal(await isBroken(), false)
    })
  }

  it('says why none of the faults can run, and breaks nothing', async () => {
    const { code, stdout, stderr } = await runChaos({ SYSTEM: system.config.dataDir, FAULT: 'unreachable,fill-disk' })
    assert.equal(code, 1)
    assert.match(stdout, /^skipped unreachable: .*has a wire\nskipped fill-disk: .*allows it\n$/m)
    assert.match(stderr, /^None of these faults can run against the system in \S.*: unreachable, fill-disk\. The lines above say why\.\n$/)
  })

  it('reports the rounds before one that cannot be run', async () => {
    const child = startChaos({ SYSTEM: system.config.dataDir, SEED: '7', FAULT: 'kill-worker', RATE: '50' })
    const [output, errors] = [text(child.stdout), text(child.stderr)]
    await once(child.stdout, 'data') // the run's own line
    await once(child.stdout, 'data') // its first round
    const generator = await until('the second round has a generator', () => spawnSync('pgrep', ['-P', String(child.pid), '-f', 'generator.ts'], { encoding: 'utf8' }).stdout.trim() || null)
    process.kill(Number(generator), 'SIGKILL')
    const [code] = await once(child, 'exit') as [number]
    const stdout = await output
    assert.deepEqual([code, await errors], [1, 'the generator of payments ended early\n'])
    assert.match(stdout, /^1 round in .*: 0 red, /m)
    assert.match(stdout, /^The run ended early: each round was audited, all payments together were not\.$/m)
    assert.equal(takeReport(stdout).rounds.length, 1)
  })

  // The last test, because it breaks the system.
  it('stops at a red round, names what is wrong, and leaves what explains it', async () => {
    await database.query(`
      create function skim() returns trigger language plpgsql security definer set session_replication_role = replica as $$
      begin
        update accounts set balance = balance + 0.01 where id = new.account_id;
        return null;
      end $$;
      create trigger skim after insert on payments for each row execute function skim()`)
    const { code, stdout } = await runChaos({ SYSTEM: system.config.dataDir, SEED: '7', ROUNDS: '5', FAULT: 'kill-worker', RATE: '50' })
    const { rounds, faults } = takeReport(stdout)
    assert.equal(code, 1)
    assert.equal(rounds.length, 1, 'stops at the first red round')
    const told = await readChaosReport(consoleReport)
    assert.equal(told?.passed, false)
    assert.ok(told.sentences.some(sentence => /^Round 1 is red: .*balances that differ/.test(sentence)), JSON.stringify(told))
    assert.match(stdout, /^round 1 .*kill-worker: worker-1 .*RED/m)
    assert.match(stdout, /balances that differ from the sum of their payments: \d+/)
    assert.match(stdout, /broken invariant: .*running-balances-add-up/)
    assert.ok(Number(rounds[0]!.centsOff) > 5 && faults[0]!.centsOff === Number(rounds[0]!.centsOff), stdout)

    const left = redFolder(stdout)
    const files = readdirSync(left)
    const repeat = `make chaos SEED=7 ROUND=1 FAULT=kill-worker RATE=50 SYSTEM='${system.config.dataDir}'`
    assert.ok(stdout.includes(`Repeat it: ${repeat}`), stdout)
    assert.ok(readFileSync(join(left, 'README.txt'), 'utf8').includes(repeat))
    assert.ok(readFileSync(join(left, 'logs.txt'), 'utf8').length > 0)
    const found = JSON.parse(readFileSync(join(left, 'findings.json'), 'utf8')) as Record<string, string[]>
    assert.ok(found['balances that differ from the sum of their payments']!.length > 0)
    assert.ok(readChaosJournal(files.filter(name => name.endsWith('.jsonl')).map(name => join(left, name))).exchanges.length > 50)
    rmSync(left, { recursive: true })
  })
})
