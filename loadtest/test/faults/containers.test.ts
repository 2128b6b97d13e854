import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { until } from '../../../compose/test/support/until.ts'
import { killEngine } from '../../faults/kill-engine.ts'
import { cutApiCommit, cutWorkerCommit, unreachable } from '../../faults/network.ts'
import { freezeWorkers, killProxy, killWorker } from '../../faults/processes.ts'
import { settle, startChaosSystem, withstand } from '../support/withstand.ts'

const FAULT_TIMEOUT_MS = 240_000

// FULL=1 runs it where a Docker engine runs.
const full = process.env.FULL === '1' && spawnSync('docker', ['info'], { timeout: 10_000 }).status === 0
const describeFull = full ? describe : describe.skip

describeFull('faults of containers', function () {
  this.timeout(FAULT_TIMEOUT_MS)
  const system = startChaosSystem('compose')

  for (const fault of [killProxy, killWorker])
    it(`${fault.name}: Docker starts it again`, () => withstand(system(), fault, () => settle(system())))

  it('freeze-workers: no payment settles', () => withstand(system(), freezeWorkers, () => assert.rejects(settle(system(), 2_000), /did not settle/)))

  it('unreachable: no API accepts', () => withstand(system(), unreachable, () => assert.rejects(settle(system(), 3_000), /no API accepted/)))

  for (const fault of [cutApiCommit, cutWorkerCommit]) {
    it(`${fault.name}: payments settle`, async () => {
      const { cutCommits } = await system().wire!.status()
      await withstand(system(), fault, () => until('a commit is cut', async () => {
        await settle(system())
        return (await system().wire!.status()).cutCommits > cutCommits
      }, 60_000))
    })
  }

  it('kill-engine: refused while the engine runs other containers, or does not belong to root of this machine', async () => {
    const others = spawnSync('docker', ['ps', '--quiet'], { encoding: 'utf8' }).stdout.trim().split('\n').length > (await system().stack.parts()).length + 1
    if (others)
      assert.match((await killEngine.unavailable!(system()))!, /other containers|not root/)
  })
})
