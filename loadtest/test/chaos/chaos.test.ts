import type { Outcome } from '../../../compose/test/support/temporary-stack.ts'
import type { RoundResult } from '../../chaos/judge-round.ts'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { superuserUrl } from '../../../compose/src/data/logins.ts'
import { connect, disconnect } from '../../../compose/src/machine/connect.ts'
import { slowIt } from '../../../compose/test/support/slow.ts'
import { TemporaryStack } from '../../../compose/test/support/temporary-stack.ts'
import { until } from '../../../compose/test/support/until.ts'
import { readChaosJournal } from '../../auditor/chaos/journal.ts'

const TIMEOUT_MS = 600_000
const SEED = '7'
/** Faults that are over at once, so that half a minute has several rounds. */
const QUICK = 'kill-worker,kill-api,kill-postgres,restart-worker'

const { PATH = '', HOME = '' } = process.env
const folder = join(import.meta.dirname, '../..')

function startChaos(settings: Record<string, string>) {
  return spawn(process.execPath, ['chaos/main.ts'], { cwd: folder, env: { PATH, HOME, ...settings }, timeout: TIMEOUT_MS })
}

async function chaos(settings: Record<string, string>): Promise<Outcome> {
  const child = startChaos(settings)
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code: code as number | null, stdout, stderr }
}

/** Reads and deletes the report and what a red round left. */
function takeReport(stdout: string) {
  const file = /Report: (\S+)\.html/.exec(stdout)?.[1]
  assert.ok(file, stdout)
  const page = readFileSync(join(folder, `${file}.html`), 'utf8')
  const report = JSON.parse(readFileSync(join(folder, `${file}.json`), 'utf8')) as { rounds: RoundResult[], faults: Record<string, unknown>[], findings: string[] }
  rmSync(join(folder, `${file}.html`))
  rmSync(join(folder, `${file}.json`))
  return { page, ...report }
}

/** The recovery's goal may be missed on a busy machine; nothing else may be wrong. */
async function passes(settings: Record<string, string>): Promise<void> {
  const { stdout, stderr } = await chaos(settings)
  assert.equal(stderr, '')
  const { page, rounds, findings } = takeReport(stdout)
  assert.deepEqual([...findings, ...rounds.flatMap(({ findings }) => findings)], [], stdout)
  assert.ok(rounds.length > 0, stdout)
  for (const { payments, lost, duplicated, centsOff } of rounds)
    assert.deepEqual([payments > 20, lost, duplicated, centsOff], [true, 0, 0, '0'], stdout)
  assert.equal(stdout.match(/^round \d+ +\d\d:\d\d:\d\d {2}\S.*settled again after .*; callers: [\d,]+ requests, /gm)?.length, rounds.length, stdout)
  assert.match(stdout, /All \d+ invariants of the ledger hold over all payments\./)
  assert.match(page, /nothing lost/)
  assert.doesNotMatch(page, /(?:src|href)=/)
}

describe('make chaos', () => {
  it('loses nothing in 30 s of a fixed seed', () => passes({ SEED, DURATION: '30s', FAULT: QUICK })).timeout(TIMEOUT_MS)
  slowIt('loses nothing in two minutes of every fault, from a fixed seed', () => passes({ SEED, DURATION: '2m' })).timeout(TIMEOUT_MS)
  slowIt('loses nothing in two minutes of every fault, from a fresh seed', () => passes({ DURATION: '2m' })).timeout(TIMEOUT_MS)

  describe('against a system that it did not start', () => {
    let system: TemporaryStack
    before(async function () {
      this.timeout(TIMEOUT_MS)
      system = await TemporaryStack.create()
      await system.stack.start(() => {}, new AbortController().signal)
    })
    after(() => system.remove())

    it('resumes what is frozen before it ends after a Ctrl-C', async () => {
      const child = startChaos({ SYSTEM: system.config.dataDir, SEED, FAULT: 'freeze-workers' })
      const output = text(child.stdout)
      const worker = async () => (await system.stack.parts()).find(({ name }) => name === 'worker-1')!
      await until('the worker is frozen', async () => (await worker()).state === 'paused', 60_000)
      child.kill('SIGINT')
      const [code] = await once(child, 'exit') as [number]
      assert.equal(code, 1)
      assert.match(await output, /Interrupted: stopping the faults/)
      assert.equal((await worker()).state, 'running')
    }).timeout(TIMEOUT_MS)

    it('stops at a red round, names what is wrong, and leaves what explains it', async () => {
      const superuser = await connect(superuserUrl(system.config.ports.postgres, 'payments'), 10_000)
      await superuser.query(`
        create function skim() returns trigger language plpgsql security definer set session_replication_role = replica as $$
        begin
          update accounts set balance = balance + 0.01 where id = new.account_id;
          return null;
        end $$;
        create trigger skim after insert on payments for each row execute function skim()`)
      await disconnect(superuser)
      const { code, stdout } = await chaos({ SYSTEM: system.config.dataDir, SEED, ROUNDS: '5', FAULT: 'kill-worker', RATE: '50' })
      const { rounds, faults } = takeReport(stdout)
      assert.equal(code, 1)
      assert.equal(rounds.length, 1, 'stops at the first red round')
      assert.match(stdout, /^round 1 .*kill-worker: worker-1 .*RED/m)
      assert.match(stdout, /balances that differ from the sum of their payments: \d+/)
      assert.match(stdout, /broken invariant: .*running-balances-add-up/)
      assert.ok(Number(rounds[0]!.centsOff) > 5 && faults[0]!.centsOff === Number(rounds[0]!.centsOff), stdout)

      const left = join(folder, /What happened in the red round: (\S+)/.exec(stdout)![1]!)
      const files = readdirSync(left)
      const repeat = `make chaos SEED=7 ROUND=1 FAULT=kill-worker RATE=50 SYSTEM='${system.config.dataDir}'`
      assert.ok(stdout.includes(`Repeat it: ${repeat}`), stdout)
      assert.ok(readFileSync(join(left, 'README.txt'), 'utf8').includes(repeat))
      assert.ok(readFileSync(join(left, 'logs.txt'), 'utf8').length > 0)
      const found = JSON.parse(readFileSync(join(left, 'findings.json'), 'utf8')) as Record<string, string[]>
      assert.ok(found['balances that differ from the sum of their payments']!.length > 0)
      assert.ok(readChaosJournal(files.filter(name => name.endsWith('.jsonl')).map(name => join(left, name))).exchanges.length > 50)
      rmSync(left, { recursive: true })
    }).timeout(TIMEOUT_MS)
  })

  it('refuses an unknown fault and a folder without a system, in one line each', async () => {
    const unknown = await chaos({ FAULT: 'kill-the-bank' })
    assert.deepEqual([unknown.code, unknown.stdout], [1, ''])
    assert.match(unknown.stderr, /^FAULT=kill-the-bank is unknown\. The faults are .*kill-worker.*; separate several with commas\.\n$/)
    const nothing = await chaos({ SYSTEM: '/nowhere' })
    assert.deepEqual([nothing.code, nothing.stdout], [1, ''])
    assert.match(nothing.stderr, /^No system runs in SYSTEM=\/nowhere with MODE=embedded\. Start it with `make up DATA_DIR=\/nowhere`, or leave SYSTEM out\.\n$/)
  }).timeout(TIMEOUT_MS)
})
