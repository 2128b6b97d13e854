import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { slowIt } from '../../../compose/test/support/slow.ts'
import { CHAOS_TIMEOUT_MS, runChaos, takeReport } from '../support/run-chaos.ts'

const ENGINE_TIMEOUT_MS = 10_000
const SEED = '7'
/** Faults that are over at once, so that half a minute has several rounds. */
const QUICK = 'kill-worker,kill-api,kill-postgres,restart-worker'

/** The recovery's goal may be missed on a busy machine; nothing else may be wrong. */
async function passes(settings: Record<string, string>): Promise<void> {
  const { stdout, stderr } = await runChaos(settings)
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

describe('make chaos', function () {
  this.timeout(CHAOS_TIMEOUT_MS)

  it('loses nothing in 30 s of a fixed seed', () => passes({ SEED, DURATION: '30s', FAULT: QUICK }))
  slowIt('loses nothing in two minutes of every fault, from a fixed seed', () => passes({ SEED, DURATION: '2m' }))
  slowIt('loses nothing in two minutes of every fault, from a fresh seed', () => passes({ DURATION: '2m' }))
  slowIt('loses nothing in a minute of containers, from a fixed seed', async function () {
    if (spawnSync('docker', ['info'], { timeout: ENGINE_TIMEOUT_MS }).status !== 0)
      this.skip()
    await passes({ SEED, DURATION: '1m', MODE: 'compose' })
  })

  it('refuses an unknown fault and a folder without a system, in one line each', async () => {
    const unknown = await runChaos({ FAULT: 'kill-the-bank' })
    assert.deepEqual([unknown.code, unknown.stdout], [1, ''])
    assert.match(unknown.stderr, /^FAULT=kill-the-bank is unknown\. The faults are .*kill-worker.*; separate several with commas\.\n$/)
    const nothing = await runChaos({ SYSTEM: '/nowhere' })
    assert.deepEqual([nothing.code, nothing.stdout], [1, ''])
    assert.match(nothing.stderr, /^No system runs in SYSTEM=\/nowhere with MODE=embedded\. Start it with `make up DATA_DIR=\/nowhere`, or leave SYSTEM out\.\n$/)
  })
})
